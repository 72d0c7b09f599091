// SPDX-License-Identifier: Apache-2.0
//
// Nodes in lanes and the ties between them. Kinds differ by shape and colour; the places are given,
// so that nothing moves.
import { useCallback } from 'react'
import { EChart } from './EChart'
import { type Palette, tooltipNode, tooltipStyle } from './palette'

export type NetworkSymbol = 'circle' | 'rect' | 'diamond' | 'triangle' | 'roundRect' | 'pin'
export type NetworkTone = 'accent' | 'warn' | 'good' | 'mark' | 'muted' | 'bad'

export interface NetworkChartNode {
  id: string
  name: string
  // In the picture, where there is little room.
  shortName: string
  symbol: NetworkSymbol
  tone: NetworkTone
  isMarked: boolean
  isDimmed: boolean
  lane: number
  row: number
  details: [string, string][]
}

export interface NetworkChartLink {
  from: string
  to: string
  weight: number
  isDimmed: boolean
  details: [string, string][]
}

interface Props {
  title: string
  nodes: NetworkChartNode[]
  links: NetworkChartLink[]
  lanes: number
  rows: number
  height: number
  onPick: (id: string) => void
}

const dimmed = 0.2

function nodesOf(nodes: NetworkChartNode[], palette: Palette) {
  return nodes.map((node) => ({
    name: node.id,
    value: [node.lane, node.row],
    symbol: node.symbol,
    symbolSize: node.isMarked ? 20 : 14,
    itemStyle: {
      color: palette[node.tone],
      borderColor: node.isMarked ? palette.bad : palette.surface,
      borderWidth: node.isMarked ? 3 : 1,
      opacity: node.isDimmed ? dimmed : 1,
    },
    label: {
      formatter: () => node.shortName,
      color: node.isMarked ? palette.text : palette.muted,
      fontWeight: node.isMarked ? 'bold' : 'normal',
      opacity: node.isDimmed ? dimmed : 1,
    },
  }))
}

type Part = { dataType: 'node' | 'edge'; dataIndex: number }

function optionOf({ nodes, links, lanes, rows }: Props, palette: Palette) {
  const names = new Map(nodes.map((node) => [node.id, node.name]))
  return {
    grid: { left: 0, right: 0, top: 0, bottom: 8 },
    xAxis: { type: 'value', show: false, min: -0.5, max: lanes - 0.5 },
    yAxis: { type: 'value', show: false, min: 0, max: rows, inverse: true },
    tooltip: {
      ...tooltipStyle(palette),
      trigger: 'item',
      formatter: ({ dataType, dataIndex }: Part) => {
        const part = dataType === 'edge' ? links[dataIndex] : nodes[dataIndex]
        if (!part) return ''
        const title = 'name' in part ? part.name : `${names.get(part.from)} – ${names.get(part.to)}`
        return tooltipNode(title, part.details)
      },
    },
    series: [
      {
        type: 'graph',
        coordinateSystem: 'cartesian2d',
        cursor: 'pointer',
        data: nodesOf(nodes, palette),
        links: links.map((link) => ({
          source: link.from,
          target: link.to,
          lineStyle: {
            width: Math.min(1 + Math.log2(link.weight), 5),
            color: palette.lineStrong,
            opacity: link.isDimmed ? dimmed : 1,
          },
        })),
        label: {
          show: true,
          position: 'bottom',
          distance: 3,
          fontFamily: palette.font,
          fontSize: 11,
          width: 84,
          overflow: 'truncate',
        },
        emphasis: { focus: 'adjacency', scale: false, lineStyle: { color: palette.accent } },
        blur: { itemStyle: { opacity: dimmed }, lineStyle: { opacity: dimmed } },
      },
    ],
  }
}

export function NetworkChart(props: Props) {
  const { title, nodes, links, lanes, rows, height, onPick } = props
  const option = useCallback(
    (palette: Palette) => optionOf({ title, nodes, links, lanes, rows, height, onPick }, palette),
    [title, nodes, links, lanes, rows, height, onPick],
  )
  return (
    <EChart
      option={option}
      height={height}
      label={title}
      onClick={(index, part) => {
        const node = part === 'edge' ? undefined : nodes[index]
        if (node) onPick(node.id)
      }}
    />
  )
}
