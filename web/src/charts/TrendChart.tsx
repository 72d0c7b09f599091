// SPDX-License-Identifier: Apache-2.0
//
// 28 days of the alert's main measure, with the store's median as a line.
import { useCallback } from 'react'
import type { Trend } from '../api/client'
import { formatTime, formatValue } from '../lib/format'
import { t } from '../lib/i18n'
import { serverText } from '../lib/serverText'
import { EChart } from './EChart'
import { type Palette, axisStyle, tooltipNode, tooltipStyle } from './palette'

interface Props {
  trend: Trend
  currency: string
  height: number
}

function trendOption(trend: Trend, currency: string, palette: Palette) {
  const show = (value: number | null) => formatValue(value, trend.unit, currency)
  return {
    grid: { left: 4, right: 8, top: 10, bottom: 2, containLabel: true },
    tooltip: {
      ...tooltipStyle(palette),
      trigger: 'axis',
      axisPointer: { type: 'shadow', shadowStyle: { color: palette.band, opacity: 0.4 } },
      formatter: (points: { dataIndex: number }[]) => {
        const day = trend.days[points[0]?.dataIndex ?? 0]
        if (!day) return ''
        return tooltipNode(formatTime(day.date, 'day'), [
          [t('chart.thisAlert'), show(day.value)],
          [t('chart.storeMedian'), show(day.store_median)],
        ])
      },
    },
    xAxis: {
      type: 'category',
      data: trend.days.map((day) => day.date),
      ...axisStyle(palette),
      splitLine: { show: false },
      axisLabel: {
        ...axisStyle(palette).axisLabel,
        interval: 6,
        formatter: (date: string) => formatTime(date, 'monthDay'),
      },
    },
    yAxis: {
      type: 'value',
      splitNumber: 2,
      ...axisStyle(palette),
      axisLine: { show: false },
      minInterval: trend.unit === 'count' ? 1 : 0,
      axisLabel: { ...axisStyle(palette).axisLabel, formatter: (value: number) => show(value) },
    },
    series: [
      {
        type: 'bar',
        barCategoryGap: '35%',
        data: trend.days.map((day) => day.value),
        itemStyle: { color: palette.accent, borderRadius: [2, 2, 0, 0] },
      },
      {
        type: 'line',
        symbol: 'none',
        data: trend.days.map((day) => day.store_median),
        lineStyle: { color: palette.mark, width: 1.5, type: [4, 3] },
      },
    ],
  }
}

export function TrendChart({ trend, currency, height }: Props) {
  const option = useCallback(
    (palette: Palette) => trendOption(trend, currency, palette),
    [trend, currency],
  )
  const last = trend.days.at(-1)
  return (
    <EChart
      option={option}
      height={height}
      label={t('chart.trendLabel', {
        title: serverText(trend.title),
        n: trend.days.length,
        value: formatValue(last?.value ?? null, trend.unit, currency),
        median: formatValue(last?.store_median ?? null, trend.unit, currency),
      })}
    />
  )
}
