// SPDX-License-Identifier: Apache-2.0
//
// How a figure was spread when the model learned, and how it is now.
import { useCallback, useMemo } from 'react'
import type { DriftBin } from '../api/client'
import { formatPercent } from '../lib/format'
import { t } from '../lib/i18n'
import { EChart } from './EChart'
import { type Palette, axisStyle, tooltipNode, tooltipStyle } from './palette'

interface Props {
  title: string
  bins: DriftBin[]
  // Writes an edge of a bin.
  show: (value: number) => string
  height: number
}

function rangeText(bin: DriftBin, show: (value: number) => string): string {
  if (bin.low === null && bin.high === null) return t('chart.all')
  if (bin.low === null) return `< ${show(bin.high ?? 0)}`
  if (bin.high === null) return `≥ ${show(bin.low)}`
  return `${show(bin.low)} – ${show(bin.high)}`
}

function binsOption({ title, bins, show }: Omit<Props, 'height'>, palette: Palette) {
  const style = axisStyle(palette)
  const bar = (data: (number | null)[], color: string) => ({
    type: 'bar',
    barGap: '10%',
    barCategoryGap: '28%',
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
        const bin = bins[points[0]?.dataIndex ?? 0]
        if (!bin) return ''
        return tooltipNode(`${title}: ${rangeText(bin, show)}`, [
          [t('chart.whenLearned'), bin.reference === null ? '–' : formatPercent(bin.reference)],
          [t('peers.now'), bin.now === null ? '–' : formatPercent(bin.now)],
        ])
      },
    },
    xAxis: {
      type: 'category',
      data: bins.map((bin) => rangeText(bin, show)),
      ...style,
      splitLine: { show: false },
      axisLabel: { ...style.axisLabel, hideOverlap: true },
    },
    yAxis: {
      type: 'value',
      splitNumber: 3,
      ...style,
      axisLine: { show: false },
      axisLabel: { ...style.axisLabel, formatter: (value: number) => formatPercent(value) },
    },
    series: [
      bar(
        bins.map((bin) => bin.reference),
        palette.mark,
      ),
      bar(
        bins.map((bin) => bin.now),
        palette.accent,
      ),
    ],
  }
}

export function BinsChart({ title, bins: all, show, height }: Props) {
  // Edges of a figure with few values leave bins into which nothing falls.
  const bins = useMemo(() => all.filter((bin) => bin.reference || bin.now), [all])
  const option = useCallback(
    (palette: Palette) => binsOption({ title, bins, show }, palette),
    [title, bins, show],
  )
  const text = bins
    .map((bin) =>
      t('chart.thenNow', {
        range: rangeText(bin, show),
        then: formatPercent(bin.reference ?? 0),
        now: formatPercent(bin.now ?? 0),
      }),
    )
    .join('; ')
  return <EChart option={option} height={height} label={`${title}. ${text}`} />
}
