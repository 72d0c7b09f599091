// SPDX-License-Identifier: Apache-2.0
//
// A calendar whose days are as dark as they were busy.
import { useCallback } from 'react'
import { currentLocale } from '../lib/i18n'
import { formatTime } from '../lib/format'
import { EChart } from './EChart'
import { heatColors } from './HeatChart'
import { type Palette, tooltipNode, tooltipStyle } from './palette'

export interface CalendarDay {
  date: string
  value: number | null
}

interface Props {
  title: string
  days: CalendarDay[]
  show: (value: number) => string
  more?: (index: number) => [string, string][]
  height: number
  onPick?: (index: number) => void
}

// "M T W ..." and month names as the reader's language writes them; ECharts wants Sunday first.
function names() {
  const locale = currentLocale()
  const day = new Intl.DateTimeFormat(locale, { weekday: 'short', timeZone: 'UTC' })
  const month = new Intl.DateTimeFormat(locale, { month: 'short', timeZone: 'UTC' })
  return {
    // 4 January 1970 was a Sunday.
    days: Array.from({ length: 7 }, (_, index) => day.format((3 + index) * 86_400_000)),
    months: Array.from({ length: 12 }, (_, index) => month.format(Date.UTC(2024, index, 15))),
  }
}

function calendarOption(props: Omit<Props, 'height' | 'onPick'>, palette: Palette) {
  const { title, days, show, more } = props
  const { days: dayNames, months } = names()
  const label = { color: palette.muted, fontFamily: palette.font, fontSize: 11 }
  return {
    tooltip: {
      ...tooltipStyle(palette),
      formatter: ({ dataIndex }: { dataIndex: number }) => {
        const day = days[dataIndex]
        if (!day) return ''
        return tooltipNode(formatTime(day.date, 'day'), [
          [title, day.value === null ? '–' : show(day.value)],
          ...(more?.(dataIndex) ?? []),
        ])
      },
    },
    calendar: {
      left: 38,
      right: 4,
      top: 22,
      bottom: 4,
      // Few weeks stay small squares instead of wide bars.
      cellSize: [days.length > 120 ? 'auto' : 22, 'auto'],
      range: [days[0]?.date ?? '', days.at(-1)?.date ?? ''],
      orient: 'horizontal',
      dayLabel: { ...label, firstDay: 1, nameMap: dayNames, margin: 8 },
      monthLabel: { ...label, nameMap: months, align: 'left', margin: 8 },
      yearLabel: { show: false },
      splitLine: { show: false },
      itemStyle: { color: 'transparent', borderWidth: 0 },
    },
    visualMap: {
      show: false,
      min: 0,
      max: Math.max(0, ...days.map((day) => day.value ?? 0)) || 1,
      inRange: { color: heatColors(palette) },
    },
    series: [
      {
        type: 'heatmap',
        coordinateSystem: 'calendar',
        data: days.map((day) => [day.date, day.value ?? '-']),
        itemStyle: { borderColor: palette.surface, borderWidth: 2, borderRadius: 3 },
        emphasis: { itemStyle: { borderColor: palette.text } },
      },
    ],
  }
}

export function CalendarChart({ title, days, show, more, height, onPick }: Props) {
  const option = useCallback(
    (palette: Palette) => calendarOption({ title, days, show, more }, palette),
    [title, days, show, more],
  )
  const sum = days.reduce((total, day) => total + (day.value ?? 0), 0)
  const span = days.length
    ? `${formatTime(days[0]?.date ?? '', 'date')} – ${formatTime(days.at(-1)?.date ?? '', 'date')}`
    : ''
  return (
    <EChart
      option={option}
      height={height}
      label={`${title}. ${span}: ${show(sum)}`}
      onClick={onPick}
    />
  )
}
