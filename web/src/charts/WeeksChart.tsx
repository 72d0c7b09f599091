// SPDX-License-Identifier: Apache-2.0
//
// Precision of the alerts by week with its 90 % interval, and what the model predicted for them.
import { useCallback } from 'react'
import type { WatchWeek } from '../api/client'
import { formatCount, formatPercent, formatTime } from '../lib/format'
import { t } from '../lib/i18n'
import { EChart } from './EChart'
import { type Palette, axisStyle, tooltipNode, tooltipStyle } from './palette'

interface Props {
  weeks: WatchWeek[]
  limit: number | null
  height: number
}

const share = (value: number | null) => (value === null ? '–' : formatPercent(value))

function weekRows(week: WatchWeek): [string, string][] {
  const { precision, audit } = week
  return [
    [t('chart.precision'), share(precision.value)],
    [
      t('chart.interval'),
      t('interval.to', { low: share(precision.low), high: share(precision.high) }),
    ],
    [t('chart.predicted'), share(week.predicted)],
    [
      t('chart.confirmedOf'),
      t('interval.of', { k: formatCount(precision.k), n: formatCount(precision.n) }),
    ],
    [t('chart.alerts'), formatCount(week.alerts)],
    [
      t('chart.auditMissed'),
      t('interval.of', { k: formatCount(audit.k), n: formatCount(audit.n) }),
    ],
    [t('chart.transactions'), formatCount(week.transactions)],
  ]
}

function weeksOption(weeks: WatchWeek[], limit: number | null, palette: Palette) {
  const line = (data: (number | null)[], extra: object) => ({
    type: 'line',
    symbol: 'none',
    data,
    ...extra,
  })
  const dates = weeks.map((week) => week.first_day)
  return {
    grid: { left: 4, right: 12, top: 12, bottom: 2, containLabel: true },
    tooltip: {
      ...tooltipStyle(palette),
      trigger: 'axis',
      formatter: (points: { dataIndex: number }[]) => {
        const week = weeks[points[0]?.dataIndex ?? 0]
        return week
          ? tooltipNode(
              t('chart.weekOf', { date: formatTime(week.first_day, 'monthDay') }),
              weekRows(week),
            )
          : ''
      },
    },
    xAxis: {
      type: 'category',
      data: dates,
      ...axisStyle(palette),
      splitLine: { show: false },
      axisLabel: {
        ...axisStyle(palette).axisLabel,
        formatter: (date: string) => formatTime(date, 'monthDay'),
      },
    },
    yAxis: {
      type: 'value',
      min: 0,
      max: 1,
      interval: 0.25,
      ...axisStyle(palette),
      axisLine: { show: false },
      axisLabel: {
        ...axisStyle(palette).axisLabel,
        formatter: (value: number) => formatPercent(value),
      },
    },
    series: [
      // The band is two stacked lines: the lower end, and the width above it.
      line(
        weeks.map((week) => week.precision.low),
        { stack: 'band', lineStyle: { opacity: 0 }, silent: true },
      ),
      line(
        weeks.map(({ precision: { low, high } }) =>
          low === null || high === null ? null : high - low,
        ),
        {
          stack: 'band',
          lineStyle: { opacity: 0 },
          areaStyle: { color: palette.band, opacity: 0.8 },
          silent: true,
        },
      ),
      line(
        weeks.map((week) => week.predicted),
        { lineStyle: { color: palette.mark, width: 1.5, type: [4, 3] } },
      ),
      line(
        weeks.map((week) => week.precision.value),
        {
          symbol: 'circle',
          symbolSize: 7,
          lineStyle: { color: palette.accent, width: 2 },
          itemStyle: { color: palette.accent },
          markLine:
            limit === null
              ? undefined
              : {
                  symbol: 'none',
                  silent: true,
                  data: [{ yAxis: limit }],
                  label: { show: false },
                  lineStyle: { color: palette.warn, width: 1, type: 'solid' },
                },
        },
      ),
    ],
  }
}

export function WeeksChart({ weeks, limit, height }: Props) {
  const option = useCallback(
    (palette: Palette) => weeksOption(weeks, limit, palette),
    [weeks, limit],
  )
  const last = weeks.filter((week) => week.precision.n > 0).at(-1)
  return (
    <EChart
      option={option}
      height={height}
      label={t('chart.weeksLabel', {
        n: weeks.length,
        value: share(last?.precision.value ?? null),
        low: share(last?.precision.low ?? null),
        high: share(last?.precision.high ?? null),
      })}
    />
  )
}
