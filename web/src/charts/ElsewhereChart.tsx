// SPDX-License-Identifier: Apache-2.0
//
// Where and when the same card, customer, item or receipt was used: a lane for each store, a dot for
// each transaction.
import { useCallback } from 'react'
import { formatMoney, formatTime, formatWallMs, wallClockMs } from '../lib/format'
import { label } from '../lib/vocabulary'
import { EChart } from './EChart'
import { type Palette, axisStyle, tooltipNode, tooltipStyle } from './palette'

export interface ElsewhereDot {
  transaction_id: string
  time: string
  store_id: string
  employee_id: string
  type: string
  total: { amount: string; currency: string }
  kind: 'other' | 'alerted' | 'here'
}

interface Props {
  title: string
  dots: ElsewhereDot[]
  height: number
  onPick: (transactionId: string) => void
}

function optionOf(dots: ElsewhereDot[], palette: Palette) {
  const stores = [...new Set(dots.map((dot) => dot.store_id))].sort()
  const colors = { other: palette.mark, alerted: palette.warn, here: palette.bad }
  const style = axisStyle(palette)
  return {
    grid: { left: 4, right: 14, top: 8, bottom: 2, containLabel: true },
    tooltip: {
      ...tooltipStyle(palette),
      trigger: 'item',
      formatter: ({ dataIndex }: { dataIndex: number }) => {
        const dot = dots[dataIndex]
        if (!dot) return ''
        return tooltipNode(label(dot.type), [
          [formatTime(dot.time, 'dateTime'), formatMoney(dot.total)],
          [dot.store_id, dot.employee_id],
        ])
      },
    },
    xAxis: {
      type: 'time',
      splitNumber: 4,
      ...style,
      splitLine: { show: false },
      axisLabel: {
        ...style.axisLabel,
        hideOverlap: true,
        formatter: (ms: number) => formatWallMs(ms, 'monthDay'),
      },
    },
    yAxis: {
      type: 'category',
      data: stores,
      inverse: true,
      ...style,
      axisLine: { show: false },
      splitLine: { show: true, lineStyle: { color: palette.line } },
    },
    useUTC: true,
    series: [
      {
        type: 'scatter',
        cursor: 'pointer',
        data: dots.map((dot) => ({
          value: [wallClockMs(dot.time), dot.store_id],
          symbolSize: dot.kind === 'here' ? 12 : 9,
          itemStyle: { color: colors[dot.kind], borderColor: palette.surface, borderWidth: 1 },
        })),
      },
    ],
  }
}

export function ElsewhereChart({ title, dots, height, onPick }: Props) {
  const option = useCallback((palette: Palette) => optionOf(dots, palette), [dots])
  return (
    <EChart
      option={option}
      height={height}
      label={title}
      onClick={(index) => {
        const dot = dots[index]
        if (dot) onPick(dot.transaction_id)
      }}
    />
  )
}
