// SPDX-License-Identifier: Apache-2.0
//
// What happened on the register around the alert: one stem for each transaction, its height the
// amount on a square-root scale (so that a small refund beside a large basket is still seen),
// refunds downwards.
import { useCallback } from 'react'
import type { TransactionBrief } from '../api/client'
import {
  formatMoney,
  formatMoneyRounded,
  formatRisk,
  formatWallMs,
  wallClockMs,
} from '../lib/format'
import { t } from '../lib/i18n'
import { label } from '../lib/vocabulary'
import { EChart } from './EChart'
import { type Palette, axisStyle, tooltipNode, tooltipStyle } from './palette'

interface Props {
  items: TransactionBrief[]
  currency: string
  selectedId: string | null
  height: number
  onPick: (transactionId: string) => void
}

const squash = (amount: number) => Math.sign(amount) * Math.sqrt(Math.abs(amount))
const unsquash = (height: number) => Math.sign(height) * height * height

function colorOf(item: TransactionBrief, palette: Palette): string {
  if (item.alerted) return palette.bad
  if (item.refund_flag || item.void_flag) return palette.warn
  return palette.mark
}

function briefRows(item: TransactionBrief): [string, string][] {
  return [
    [t('briefs.time'), formatWallMs(wallClockMs(item.time), 'seconds')],
    [t('briefs.amount'), formatMoney(item.total)],
    [t('briefs.paidBy'), label(item.payment_type)],
    [t('entityKind.employee'), item.employee_id],
    [t('briefs.risk'), formatRisk(item.risk_score)],
  ]
}

function timelineOption(
  items: TransactionBrief[],
  currency: string,
  selectedId: string | null,
  palette: Palette,
) {
  const points = items.map((item) => {
    const color = colorOf(item, palette)
    const isSelected = item.transaction_id === selectedId
    return {
      value: [wallClockMs(item.time), squash(Number(item.total.amount))],
      symbolSize: item.alerted ? 11 : 6,
      itemStyle: {
        color,
        borderColor: isSelected ? palette.text : palette.surface,
        borderWidth: isSelected ? 2 : 1,
      },
    }
  })
  return {
    grid: { left: 8, right: 12, top: 12, bottom: 4, containLabel: true },
    tooltip: {
      ...tooltipStyle(palette),
      trigger: 'axis',
      axisPointer: { type: 'line', snap: true, lineStyle: { color: palette.lineStrong } },
      formatter: (points: { dataIndex: number }[]) => {
        const item = items[points[0]?.dataIndex ?? -1]
        if (!item) return ''
        const note = t(item.alerted ? 'chart.ofAlert' : 'chart.clickToOpen')
        return tooltipNode(label(item.type), briefRows(item), note)
      },
    },
    xAxis: {
      type: 'time',
      ...axisStyle(palette),
      splitLine: { show: false },
      axisLabel: {
        ...axisStyle(palette).axisLabel,
        hideOverlap: true,
        formatter: (ms: number) => formatWallMs(ms, 'time'),
      },
      useUTC: true,
    },
    yAxis: {
      type: 'value',
      splitNumber: 3,
      ...axisStyle(palette),
      axisLine: { show: false },
      axisLabel: {
        ...axisStyle(palette).axisLabel,
        formatter: (height: number) =>
          formatMoneyRounded({ amount: String(unsquash(height)), currency }),
      },
    },
    useUTC: true,
    series: [
      {
        type: 'bar',
        barWidth: 2,
        silent: true,
        data: points.map(({ value, itemStyle }) => ({
          value,
          itemStyle: { color: itemStyle.color, opacity: 0.45 },
        })),
      },
      { type: 'scatter', silent: true, data: points },
      // Dots are small; what takes the click is larger and not seen.
      {
        type: 'scatter',
        cursor: 'pointer',
        symbolSize: 20,
        itemStyle: { opacity: 0 },
        emphasis: { disabled: true },
        data: points.map(({ value }) => value),
      },
    ],
  }
}

export function TimelineChart({ items, currency, selectedId, height, onPick }: Props) {
  const option = useCallback(
    (palette: Palette) => timelineOption(items, currency, selectedId, palette),
    [items, currency, selectedId],
  )
  const alertedN = items.filter((item) => item.alerted).length
  return (
    <EChart
      option={option}
      height={height}
      label={t('chart.timelineLabel', { n: items.length, alerted: alertedN })}
      onClick={(index) => {
        const item = items[index]
        if (item) onPick(item.transaction_id)
      }}
    />
  )
}
