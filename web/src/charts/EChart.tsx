// SPDX-License-Identifier: Apache-2.0
//
// Ties an ECharts instance to the page: size, colour scheme, clicks. The option is a function of the
// palette, so that a change of scheme redraws it.
import { useComputedColorScheme } from '@mantine/core'
import {
  BarChart,
  CustomChart,
  GraphChart,
  HeatmapChart,
  LineChart,
  ScatterChart,
} from 'echarts/charts'
import {
  CalendarComponent,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapComponent,
} from 'echarts/components'
import * as echarts from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { useEffect, useRef } from 'react'
import { type Palette, readPalette } from './palette'

echarts.use([
  BarChart,
  CustomChart,
  GraphChart,
  HeatmapChart,
  LineChart,
  ScatterChart,
  CalendarComponent,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapComponent,
  CanvasRenderer,
])

interface Props {
  option: (palette: Palette) => echarts.EChartsCoreOption
  height: number
  // What the chart shows, in words; the numbers stand beside it in the page.
  label: string
  // `part` of a network: 'node' or 'edge'.
  onClick?: (dataIndex: number, part: string | undefined) => void
}

export function EChart({ option, height, label, onClick }: Props) {
  const scheme = useComputedColorScheme('light')
  const hostRef = useRef<HTMLDivElement>(null)
  const chartRef = useRef<echarts.ECharts | null>(null)
  const clickRef = useRef(onClick)
  clickRef.current = onClick

  useEffect(() => {
    const host = hostRef.current
    if (!host) return
    const chart = echarts.init(host)
    chartRef.current = chart
    chart.on('click', (event) => clickRef.current?.(event.dataIndex, event.dataType))
    const observer = new ResizeObserver(() => chart.resize())
    observer.observe(host)
    return () => {
      observer.disconnect()
      chart.dispose()
      chartRef.current = null
    }
  }, [])

  useEffect(() => {
    if (!hostRef.current) return
    const palette = readPalette(hostRef.current)
    const isStill = window.matchMedia('(prefers-reduced-motion: reduce)').matches
    chartRef.current?.setOption(
      {
        animation: !isStill,
        animationDuration: 200,
        animationDurationUpdate: 150,
        ...option(palette),
      },
      { notMerge: true },
    )
  }, [option, scheme])

  return <div ref={hostRef} style={{ height }} role="img" aria-label={label} data-chart />
}
