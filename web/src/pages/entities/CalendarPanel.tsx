// SPDX-License-Identifier: Apache-2.0
//
// When something happens: by weekday and hour, and day by day. A click finds the transactions.
import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo, useState } from 'react'
import { useNavigate } from 'react-router-dom'
import { type CalendarCell, type CalendarOf, calendarQuery } from '../../api/insight'
import { CalendarChart, HeatChart } from '../../charts/lazy'
import { Panel } from '../../components/Panel'
import { searchAddress } from '../../lib/address'
import { asSentence, formatCount } from '../../lib/format'
import { currentLocale, t } from '../../lib/i18n'
import { addDays } from '../../lib/period'
import styles from './Entities.module.css'

const measures = [
  'transactions',
  'refunds',
  'voids',
  'discounts',
  'no_sales',
  'overrides',
  'alerted',
] as const
type Measure = (typeof measures)[number]

const days = 92
const heatHeight = 190
const calendarHeight = 190

// Monday first; 5 January 1970 was one.
function weekdayNames(): string[] {
  const format = new Intl.DateTimeFormat(currentLocale(), { weekday: 'short', timeZone: 'UTC' })
  return Array.from({ length: 7 }, (_, index) => format.format((4 + index) * 86_400_000))
}

const hourNames = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0'))

// The search's own names of what a measure counts.
const conditions: Record<Measure, Record<string, string>> = {
  transactions: {},
  refunds: { refund_flag: 'true' },
  voids: { void_flag: 'true' },
  discounts: { discount_from: '0.01' },
  no_sales: { type: 'no_sale' },
  overrides: { overridden: 'true' },
  alerted: { alerted: 'true' },
}

export function CalendarPanel({ of }: { of: CalendarOf }) {
  const [measure, setMeasure] = useState<Measure>('transactions')
  const byHour = useQuery(calendarQuery(of, 'hour', days))
  const byDay = useQuery(calendarQuery(of, 'day', days))
  const error = byHour.error ?? byDay.error
  return (
    <Panel
      title={t('entities:calendar.title')}
      aside={
        <Select
          size="xs"
          w={170}
          allowDeselect={false}
          aria-label={t('entities:calendar.measure')}
          value={measure}
          onChange={(value) => setMeasure((value ?? 'transactions') as Measure)}
          data={measures.map((value) => ({ value, label: t(`entities:count.${value}`) }))}
        />
      }
    >
      {error ? (
        <p className={styles.quiet}>{asSentence(error.message)}</p>
      ) : (
        <div className={styles.calendar}>
          <div>
            <h3>{t('entities:calendar.week')}</h3>
            {byHour.data ? (
              <Week cells={byHour.data.cells} measure={measure} of={of} />
            ) : (
              <div style={{ height: heatHeight }} aria-busy="true" />
            )}
          </div>
          <div>
            <h3>{t('entities:calendar.days', { n: days })}</h3>
            {byDay.data ? (
              <Days
                cells={byDay.data.cells}
                from={byDay.data.from}
                to={byDay.data.to}
                measure={measure}
                of={of}
              />
            ) : (
              <div style={{ height: calendarHeight }} aria-busy="true" />
            )}
          </div>
        </div>
      )}
    </Panel>
  )
}

interface PartProps {
  cells: CalendarCell[]
  measure: Measure
  of: CalendarOf
}

const transactionsRow = (cell: CalendarCell | undefined): [string, string][] => [
  [t('entities:count.transactions'), formatCount(cell?.transactions ?? 0)],
]

function useFind({ measure, of }: Pick<PartProps, 'measure' | 'of'>) {
  const navigate = useNavigate()
  const { kind, id } = of
  return (more: Record<string, string>) =>
    navigate(searchAddress({ [`${kind}_id`]: id, ...conditions[measure], ...more }))
}

function Week({ cells, measure, of }: PartProps) {
  const find = useFind({ measure, of })
  const grid = useMemo(() => {
    const rows: (CalendarCell | undefined)[][] = Array.from({ length: 7 }, () => [])
    for (const cell of cells) {
      const row = rows[cell.weekday - 1]
      if (row && cell.hour !== null) row[cell.hour] = cell
    }
    return rows
  }, [cells])
  const values = useMemo(
    () => grid.map((row) => hourNames.map((_, hour) => row[hour]?.[measure] ?? 0)),
    [grid, measure],
  )
  const rows = useMemo(() => weekdayNames(), [])
  const more = useCallback(
    (row: number, column: number) => transactionsRow(grid[row]?.[column]),
    [grid],
  )
  return (
    <HeatChart
      title={t(`entities:count.${measure}`)}
      rows={rows}
      columns={hourNames}
      values={values}
      show={formatCount}
      more={measure === 'transactions' ? undefined : more}
      height={heatHeight}
      onPick={(_, hour) => find({ hour_from: String(hour), hour_to: String(hour + 1) })}
    />
  )
}

interface DaysProps extends PartProps {
  from: string | null
  to: string | null
}

function Days({ cells, from, to, measure, of }: DaysProps) {
  const find = useFind({ measure, of })
  const byDate = useMemo(() => new Map(cells.map((cell) => [cell.date, cell])), [cells])
  const list = useMemo(() => {
    if (!from || !to) return []
    const all = []
    for (let date = from; date <= to; date = addDays(date, 1))
      all.push({ date, value: byDate.get(date)?.[measure] ?? 0 })
    return all
  }, [byDate, from, to, measure])
  const more = useCallback(
    (index: number) => transactionsRow(byDate.get(list[index]?.date ?? '')),
    [byDate, list],
  )
  if (list.length === 0) return <p className={styles.quiet}>{t('entities:calendar.none')}</p>
  return (
    <CalendarChart
      title={t(`entities:count.${measure}`)}
      days={list}
      show={formatCount}
      more={measure === 'transactions' ? undefined : more}
      height={calendarHeight}
      onPick={(index) => {
        const date = list[index]?.date
        if (date) find({ from: date, to: date })
      }}
    />
  )
}
