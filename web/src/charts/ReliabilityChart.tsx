// SPDX-License-Identifier: Apache-2.0
//
// Predicted against observed share of fraud, on later days than the model saw. On the diagonal the
// probabilities are true; a point's size tells how much weight it stands for.
import { useCallback } from 'react'
import type { ReliabilityBin } from '../api/client'
import { formatCount, formatPercent } from '../lib/format'
import { t } from '../lib/i18n'
import { EChart } from './EChart'
import { type Palette, axisStyle, tooltipNode, tooltipStyle } from './palette'

interface Props {
  bins: ReliabilityBin[]
  height: number
}

function reliabilityOption(bins: ReliabilityBin[], palette: Palette) {
  const most = Math.max(...bins.map((bin) => Math.log1p(bin.weight)), 1)
  const axis = {
    type: 'value',
    min: 0,
    max: 1,
    interval: 0.25,
    nameLocation: 'middle',
    nameTextStyle: { color: palette.muted, fontFamily: palette.font, fontSize: 11 },
    ...axisStyle(palette),
    axisLabel: {
      ...axisStyle(palette).axisLabel,
      formatter: (value: number) => formatPercent(value),
    },
  }
  return {
    grid: { left: 22, right: 18, top: 10, bottom: 22, containLabel: true },
    tooltip: {
      ...tooltipStyle(palette),
      formatter: ({ dataIndex, seriesIndex }: { dataIndex: number; seriesIndex: number }) => {
        const bin = bins[dataIndex]
        if (!bin || seriesIndex !== 1) return ''
        return tooltipNode(t('chart.reliability'), [
          [t('chart.predicted'), formatPercent(bin.predicted)],
          [t('chart.observed'), formatPercent(bin.observed)],
          [t('chart.weight'), formatCount(bin.weight)],
        ])
      },
    },
    xAxis: { ...axis, name: t('chart.predicted'), nameGap: 24 },
    yAxis: { ...axis, name: t('chart.observed'), nameGap: 38 },
    series: [
      {
        type: 'line',
        symbol: 'none',
        silent: true,
        data: [
          [0, 0],
          [1, 1],
        ],
        lineStyle: { color: palette.mark, width: 1, type: [4, 3] },
      },
      {
        type: 'line',
        symbol: 'circle',
        data: bins.map((bin) => ({
          value: [bin.predicted, bin.observed],
          symbolSize: 6 + (8 * Math.log1p(bin.weight)) / most,
        })),
        lineStyle: { color: palette.accent, width: 1.5 },
        itemStyle: { color: palette.accent },
      },
    ],
  }
}

export function ReliabilityChart({ bins, height }: Props) {
  const option = useCallback((palette: Palette) => reliabilityOption(bins, palette), [bins])
  const worst = Math.max(...bins.map((bin) => Math.abs(bin.predicted - bin.observed)), 0)
  return (
    <EChart
      option={option}
      height={height}
      label={t('chart.reliabilityLabel', { n: bins.length, gap: formatPercent(worst) })}
    />
  )
}
