// SPDX-License-Identifier: Apache-2.0
//
// Figures over days, weeks or months: bars (stacked where they share a stack) and lines, one of them
// with its interval as a band behind it.
import { useCallback } from 'react'
import { formatTime } from '../lib/format'
import { EChart } from './EChart'
import { type Palette, axisStyle, tooltipNode, tooltipStyle } from './palette'

export type Tone = 'accent' | 'bad' | 'good' | 'warn' | 'mark' | 'band' | 'text'

export interface Series {
  name: string
  kind: 'bar' | 'line'
  tone: Tone
  values: (number | null)[]
  stack?: string
  isDashed?: boolean
  // Of a line: lower and upper end, drawn as a band.
  low?: (number | null)[]
  high?: (number | null)[]
}

interface Props {
  // What is shown, in words; the first part of what screen readers hear.
  title: string
  // First day of each step.
  dates: string[]
  series: Series[]
  show: (value: number) => string
  // Rows that only the tooltip has.
  more?: (index: number) => [string, string][]
  head?: (date: string) => string
  // Below the axis; a day when it is not given.
  tick?: (date: string) => string
  max?: number
  isWhole?: boolean
  height: number
  onPick?: (index: number) => void
}

const dash = '–'
const text = (value: number | null | undefined, show: Props['show']) =>
  value === null || value === undefined ? dash : show(value)

function drawSeries(series: Series, palette: Palette): object[] {
  const color = palette[series.tone]
  if (series.kind === 'bar') {
    return [
      {
        type: 'bar',
        stack: series.stack,
        barCategoryGap: '30%',
        barGap: '15%',
        barMaxWidth: 34,
        data: series.values,
        itemStyle: { color, borderRadius: series.stack ? 0 : [2, 2, 0, 0] },
      },
    ]
  }
  const line = {
    type: 'line',
    symbol: series.values.length > 1 ? 'none' : 'circle',
    data: series.values,
    lineStyle: { color, width: 2, type: series.isDashed ? [4, 3] : 'solid' },
    itemStyle: { color },
    z: 3,
  }
  if (!series.low || !series.high) return [line]
  const { low, high } = series
  // Two stacked lines: the lower end, and the width above it.
  const hidden = {
    type: 'line',
    symbol: 'none',
    stack: `band ${series.name}`,
    lineStyle: { opacity: 0 },
    silent: true,
  }
  const width = low.map((value, index) => {
    const top = high[index]
    return value === null || top === null || top === undefined ? null : top - value
  })
  return [
    { ...hidden, data: low },
    { ...hidden, data: width, areaStyle: { color: palette.band, opacity: 0.8 } },
    line,
  ]
}

function tooltipRows(props: Props, index: number): [string, string][] {
  const rows: [string, string][] = []
  for (const series of props.series) {
    rows.push([series.name, text(series.values[index], props.show)])
    const low = series.low?.[index]
    const high = series.high?.[index]
    if (low != null && high != null) rows.push(['', `${props.show(low)} – ${props.show(high)}`])
  }
  return [...rows, ...(props.more?.(index) ?? [])]
}

function seriesOption(props: Props, palette: Palette) {
  const style = axisStyle(palette)
  const hasBars = props.series.some((series) => series.kind === 'bar')
  return {
    grid: { left: 4, right: 10, top: 12, bottom: 2, containLabel: true },
    tooltip: {
      ...tooltipStyle(palette),
      trigger: 'axis',
      axisPointer: hasBars
        ? { type: 'shadow', shadowStyle: { color: palette.band, opacity: 0.4 } }
        : { type: 'line', lineStyle: { color: palette.lineStrong } },
      formatter: (points: { dataIndex: number }[]) => {
        const index = points[0]?.dataIndex ?? 0
        const date = props.dates[index]
        if (date === undefined) return ''
        return tooltipNode((props.head ?? dayText)(date), tooltipRows(props, index))
      },
    },
    xAxis: {
      type: 'category',
      boundaryGap: hasBars,
      data: props.dates,
      ...style,
      splitLine: { show: false },
      axisLabel: {
        ...style.axisLabel,
        hideOverlap: true,
        formatter: props.tick ?? ((date: string) => formatTime(date, 'monthDay')),
      },
    },
    yAxis: {
      type: 'value',
      min: 0,
      max: props.max,
      splitNumber: 3,
      minInterval: props.isWhole ? 1 : 0,
      ...style,
      axisLine: { show: false },
      axisLabel: { ...style.axisLabel, formatter: (value: number) => props.show(value) },
    },
    series: props.series.flatMap((series) => drawSeries(series, palette)),
  }
}

const dayText = (date: string) => formatTime(date, 'day')

export function SeriesChart(props: Props) {
  const { title, dates, series, show, more, head, tick, max, isWhole, height, onPick } = props
  const option = useCallback(
    (palette: Palette) =>
      seriesOption({ title, dates, series, show, more, head, tick, max, isWhole, height }, palette),
    [title, dates, series, show, more, head, tick, max, isWhole, height],
  )
  const last = dates.length - 1
  const newest = series.map((item) => `${item.name} ${text(item.values[last], show)}`).join(', ')
  const spoken = last < 0 ? title : `${title}. ${(head ?? dayText)(dates[last] ?? '')}: ${newest}`
  return <EChart option={option} height={height} label={spoken} onClick={onPick} />
}
