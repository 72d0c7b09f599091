// SPDX-License-Identifier: Apache-2.0
//
// What champion and challenger would have flagged, day by day, on the same transactions.
import { useCallback } from 'react'
import type { Shadow } from '../api/client'
import { formatCount, formatTime } from '../lib/format'
import { t } from '../lib/i18n'
import { EChart } from './EChart'
import { type Palette, axisStyle, tooltipNode, tooltipStyle } from './palette'

interface Props {
  shadow: Shadow
  height: number
}

function shadowOption({ days }: Shadow, palette: Palette) {
  const style = axisStyle(palette)
  const bar = (data: number[], color: string) => ({
    type: 'bar',
    barGap: '10%',
    barCategoryGap: '30%',
    data,
    itemStyle: { color, borderRadius: [2, 2, 0, 0] },
  })
  return {
    grid: { left: 4, right: 8, top: 10, bottom: 2, containLabel: true },
    tooltip: {
      ...tooltipStyle(palette),
      trigger: 'axis',
      axisPointer: { type: 'shadow', shadowStyle: { color: palette.band, opacity: 0.4 } },
      formatter: (points: { dataIndex: number }[]) => {
        const day = days[points[0]?.dataIndex ?? 0]
        if (!day) return ''
        return tooltipNode(formatTime(day.date, 'day'), [
          [t('chart.champion'), formatCount(day.champion_flagged)],
          [t('chart.challenger'), formatCount(day.challenger_flagged)],
          [t('chart.both'), formatCount(day.both_flagged)],
          [t('chart.scoredByBoth'), formatCount(day.scored)],
        ])
      },
    },
    xAxis: {
      type: 'category',
      data: days.map((day) => day.date),
      ...style,
      splitLine: { show: false },
      axisLabel: {
        ...style.axisLabel,
        formatter: (date: string) => formatTime(date, 'monthDay'),
      },
    },
    yAxis: { type: 'value', splitNumber: 3, minInterval: 1, ...style, axisLine: { show: false } },
    series: [
      bar(
        days.map((day) => day.champion_flagged),
        palette.mark,
      ),
      bar(
        days.map((day) => day.challenger_flagged),
        palette.accent,
      ),
    ],
  }
}

export function ShadowChart({ shadow, height }: Props) {
  const option = useCallback((palette: Palette) => shadowOption(shadow, palette), [shadow])
  return (
    <EChart
      option={option}
      height={height}
      label={t('chart.shadowLabel', {
        n: shadow.days.length,
        champion: formatCount(shadow.champion_flagged),
        challenger: formatCount(shadow.challenger_flagged),
        both: formatCount(shadow.both_flagged),
      })}
    />
  )
}
