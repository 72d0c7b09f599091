// SPDX-License-Identifier: Apache-2.0
//
// How much, by weekday and hour: when in the week something happens.
import { useCallback } from 'react'
import { EChart } from './EChart'
import { type Palette, axisStyle, tooltipNode, tooltipStyle } from './palette'

interface Props {
  title: string
  rows: string[]
  columns: string[]
  // values[row][column]; null where nothing can be said.
  values: (number | null)[][]
  show: (value: number) => string
  // Further lines of a cell's tooltip.
  more?: (row: number, column: number) => [string, string][]
  // Cells with a frame.
  isMarked?: (row: number, column: number) => boolean
  height: number
  onPick?: (row: number, column: number) => void
}

export const heatColors = (palette: Palette) => [palette.raised, palette.accent]

export function topOf(values: (number | null)[][]): number {
  return Math.max(0, ...values.flat().map((value) => value ?? 0)) || 1
}

function heatOption(props: Omit<Props, 'height' | 'onPick'>, palette: Palette) {
  const style = axisStyle(palette)
  const cells = props.values.flatMap((line, row) =>
    line.map((value, column) => [column, row, value ?? '-'] as const),
  )
  const axis = { type: 'category', ...style, axisLine: { show: false }, splitLine: { show: false } }
  return {
    grid: { left: 2, right: 2, top: 2, bottom: 2, containLabel: true },
    tooltip: {
      ...tooltipStyle(palette),
      formatter: ({ value }: { value: [number, number, number | '-'] }) => {
        const [column, row, amount] = value
        return tooltipNode(`${props.rows[row]}, ${props.columns[column]}`, [
          [props.title, amount === '-' ? '–' : props.show(amount)],
          ...(props.more?.(row, column) ?? []),
        ])
      },
    },
    xAxis: { ...axis, data: props.columns, axisLabel: { ...style.axisLabel, hideOverlap: true } },
    yAxis: { ...axis, data: props.rows, inverse: true },
    visualMap: {
      show: false,
      min: 0,
      max: topOf(props.values),
      inRange: { color: heatColors(palette) },
    },
    series: [
      {
        type: 'heatmap',
        data: cells,
        itemStyle: { borderColor: palette.surface, borderWidth: 1.5, borderRadius: 2 },
        emphasis: { itemStyle: { borderColor: palette.text } },
      },
      // Frames are drawn over all cells, so that no neighbour covers them.
      {
        type: 'heatmap',
        silent: true,
        data: cells.filter(([column, row]) => props.isMarked?.(row, column)),
        itemStyle: { borderColor: palette.bad, borderWidth: 2, borderRadius: 2 },
      },
    ],
  }
}

export function HeatChart({
  title,
  rows,
  columns,
  values,
  show,
  more,
  isMarked,
  height,
  onPick,
}: Props) {
  const option = useCallback(
    (palette: Palette) =>
      heatOption({ title, rows, columns, values, show, more, isMarked }, palette),
    [title, rows, columns, values, show, more, isMarked],
  )
  const pick = onPick
    ? (index: number) => onPick(Math.floor(index / columns.length), index % columns.length)
    : undefined
  return (
    <EChart
      option={option}
      height={height}
      label={spoken(title, rows, values, show)}
      onClick={pick}
    />
  )
}

// A line of words for each row would be long; the sum of each says where to look.
function spoken(
  title: string,
  rows: string[],
  values: (number | null)[][],
  show: (value: number) => string,
): string {
  const parts = rows.map((row, index) => {
    const sum = (values[index] ?? []).reduce<number>((total, value) => total + (value ?? 0), 0)
    return `${row} ${show(sum)}`
  })
  return `${title}. ${parts.join(', ')}`
}
