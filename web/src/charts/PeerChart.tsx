// SPDX-License-Identifier: Apache-2.0
//
// The marks of the comparison table: a row for each measure on its own scale from zero. A band is the
// store's usual range, ticks are the medians and the peers' 95th percentile, a ring is the entity's
// own normal, the dot is the value.
import { useCallback } from 'react'
import type { PeerMeasure } from '../api/client'
import { formatPercentile, formatValue } from '../lib/format'
import { t } from '../lib/i18n'
import { isOutside, scaleMax } from '../lib/peers'
import { EChart } from './EChart'
import { type Palette, tooltipNode, tooltipStyle } from './palette'

interface Props {
  measures: PeerMeasure[]
  currency: string
  rowHeight: number
  height: number
}

interface RenderApi {
  coord: (point: [number, number]) => [number, number]
}

const padding = 8

function tooltipRows(measure: PeerMeasure, currency: string): [string, string][] {
  const show = (value: number | null) => formatValue(value, measure.unit, currency)
  const rows: [string, string][] = [
    [t('peers.now'), show(measure.value)],
    [t('peers.ownNormal'), show(measure.own_normal)],
    [
      t('chart.storeRange'),
      t('interval.to', { low: show(measure.store_low), high: show(measure.store_high) }),
    ],
    [t('chart.storeMedian'), show(measure.store_median)],
    [t('peers.peerMedian'), show(measure.peer_median)],
    [t('chart.peer95'), show(measure.peer_p95)],
  ]
  if (measure.percentile !== null)
    rows.push([
      t('chart.higherThan'),
      t('chart.ofPeers', { share: formatPercentile(measure.percentile) }),
    ])
  return rows
}

function rowMarks(measure: PeerMeasure, api: RenderApi, row: number, palette: Palette) {
  const max = scaleMax(measure)
  const x = (value: number) => api.coord([Math.max(0, value / max), row])[0]
  const y = api.coord([0, row])[1]
  const marks: object[] = [
    {
      type: 'line',
      shape: { x1: x(0), y1: y, x2: api.coord([1, row])[0], y2: y },
      style: { stroke: palette.line, lineWidth: 1 },
    },
  ]
  const tick = (value: number | null, color: string, half: number, width: number) => {
    if (value === null) return
    marks.push({
      type: 'line',
      shape: { x1: x(value), y1: y - half, x2: x(value), y2: y + half },
      style: { stroke: color, lineWidth: width },
    })
  }
  if (measure.store_low !== null && measure.store_high !== null) {
    const left = x(measure.store_low)
    const width = Math.max(2, x(measure.store_high) - left)
    marks.push({
      type: 'rect',
      shape: { x: left, y: y - 5, width, height: 10, r: 2 },
      style: { fill: palette.band },
    })
  }
  tick(measure.store_median, palette.mark, 5, 2)
  tick(measure.peer_median, palette.accent, 7, 1.5)
  tick(measure.peer_p95, palette.warn, 7, 1.5)
  if (measure.own_normal !== null) {
    marks.push({
      type: 'circle',
      shape: { cx: x(measure.own_normal), cy: y, r: 4 },
      style: { fill: palette.surface, stroke: palette.text, lineWidth: 1.5 },
    })
  }
  if (measure.value !== null) {
    const fill = isOutside(measure) ? palette.bad : palette.text
    marks.push({
      type: 'circle',
      shape: { cx: x(measure.value), cy: y, r: 5 },
      style: { fill, stroke: palette.surface, lineWidth: 1.5 },
    })
  }
  return marks
}

function peerOption(
  measures: PeerMeasure[],
  currency: string,
  rowHeight: number,
  palette: Palette,
) {
  return {
    grid: { left: padding, right: padding, top: 0, bottom: 0 },
    tooltip: {
      ...tooltipStyle(palette),
      formatter: ({ dataIndex }: { dataIndex: number }) => {
        const measure = measures[dataIndex]
        return measure
          ? tooltipNode(measure.title, tooltipRows(measure, currency), measure.help)
          : ''
      },
    },
    xAxis: { type: 'value', min: 0, max: 1, show: false },
    yAxis: {
      type: 'category',
      inverse: true,
      show: false,
      data: measures.map((measure) => measure.feature),
    },
    series: [
      {
        type: 'custom',
        data: measures.map((_, row) => [1, row]),
        encode: { x: 0, y: 1 },
        renderItem: (
          params: { dataIndex: number; coordSys: { x: number; width: number } },
          api: RenderApi,
        ) => {
          const measure = measures[params.dataIndex]
          if (!measure) return null
          const y = api.coord([0, params.dataIndex])[1]
          // A clear rectangle takes the pointer, so that the tooltip shows anywhere in the row.
          const target = {
            type: 'rect',
            shape: {
              x: params.coordSys.x - padding,
              y: y - rowHeight / 2,
              width: params.coordSys.width + 2 * padding,
              height: rowHeight,
            },
            style: { fill: 'transparent' },
          }
          return {
            type: 'group',
            children: [target, ...rowMarks(measure, api, params.dataIndex, palette)],
          }
        },
      },
    ],
  }
}

export function PeerChart({ measures, currency, rowHeight, height }: Props) {
  const option = useCallback(
    (palette: Palette) => peerOption(measures, currency, rowHeight, palette),
    [measures, currency, rowHeight],
  )
  const outside = measures.filter(isOutside).map((measure) => measure.title)
  return (
    <EChart
      option={option}
      height={height}
      label={t('chart.peerLabel', { outside: outside.join(', ') || t('chart.nothing') })}
    />
  )
}
