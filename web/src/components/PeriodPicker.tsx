// SPDX-License-Identifier: Apache-2.0
//
// The last so many days in one click, or a range of days from a calendar.
import { SegmentedControl } from '@mantine/core'
import { DatePickerInput, DatesProvider } from '@mantine/dates'
import '../lib/dates'
import { CalendarRange } from 'lucide-react'
import { useState } from 'react'
import { currentLanguage, t } from '../lib/i18n'
import { type Period, fromLocalDate, toLocalDate } from '../lib/period'
import styles from './PeriodPicker.module.css'

interface Props {
  period: Period
  choices: number[]
  // The days that the period stands for, for the calendar.
  from: string
  to: string
  onChange: (period: Period) => void
}

const otherValue = 'other'

export function PeriodPicker({ period, choices, from, to, onChange }: Props) {
  // While a range is half chosen, only the picker knows of it.
  const [half, setHalf] = useState<[Date | null, Date | null] | null>(null)
  const isPreset = period.days !== null && choices.includes(period.days)
  return (
    <div className={styles.picker}>
      <SegmentedControl
        size="xs"
        aria-label={t('period.label')}
        value={isPreset ? String(period.days) : otherValue}
        onChange={(value) => onChange({ days: Number(value), from: null, to: null })}
        data={choices.map((days) => ({
          value: String(days),
          label: t('period.days', { n: days }),
        }))}
      />
      <DatesProvider settings={{ locale: currentLanguage(), firstDayOfWeek: 1 }}>
        <DatePickerInput
          type="range"
          size="xs"
          className={styles.range}
          aria-label={t('period.range')}
          leftSection={<CalendarRange size={14} />}
          leftSectionPointerEvents="none"
          valueFormat="ll"
          allowSingleDateInRange
          value={half ?? [toLocalDate(from), toLocalDate(to)]}
          onChange={(value) => {
            const [first, last] = value
            if (!first || !last) return setHalf(value)
            setHalf(null)
            onChange({ days: null, from: fromLocalDate(first), to: fromLocalDate(last) })
          }}
          popoverProps={{ onClose: () => setHalf(null) }}
        />
      </DatesProvider>
    </div>
  )
}
