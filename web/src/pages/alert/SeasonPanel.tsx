// SPDX-License-Identifier: Apache-2.0
//
// When in the week the employee does what the alert is about, and when the alert's own receipts were:
// what is usual at that hour is no sign.
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { AlertDetail } from '../../api/client'
import { type CalendarCell, calendarQuery } from '../../api/insight'
import { HeatChart } from '../../charts/lazy'
import { Panel } from '../../components/Panel'
import { formatCount, wallClockMs } from '../../lib/format'
import { t } from '../../lib/i18n'
import { hourNames, weekdayNames } from '../../lib/week'

const days = 92
const rowPx = 17

type Measure = 'transactions' | 'refunds' | 'discounts' | 'noSales'

function measureOf({ type, scheme }: AlertDetail): Measure {
  if (scheme === 'cash_drawer') return 'noSales'
  if (type === 'VOID_REFUND' || type === 'CROSS_STORE') return 'refunds'
  return type === 'DISCOUNT' ? 'discounts' : 'transactions'
}

const amountOf: Record<Measure, (cell: CalendarCell) => number> = {
  transactions: (cell) => cell.transactions,
  refunds: (cell) => cell.refunds + cell.voids,
  discounts: (cell) => cell.discounts,
  noSales: (cell) => cell.no_sales,
}

function weekOf(alert: AlertDetail, cells: CalendarCell[], measure: Measure) {
  const hours = cells.flatMap((cell) => (cell.hour === null ? [] : [cell.hour]))
  const own = alert.transactions.map((item) => new Date(wallClockMs(item.time)))
  const all = [...hours, ...own.map((time) => time.getUTCHours())]
  const first = Math.min(...all)
  const n = Math.max(...all) - first + 1
  const empty = () => Array.from({ length: 7 }, () => Array<number>(n).fill(0))
  const values = empty()
  const here = empty()
  for (const cell of cells) {
    const row = values[cell.weekday - 1]
    if (row && cell.hour !== null) row[cell.hour - first] = amountOf[measure](cell)
  }
  for (const time of own) {
    const row = here[(time.getUTCDay() + 6) % 7]
    const column = time.getUTCHours() - first
    if (row) row[column] = (row[column] ?? 0) + 1
  }
  const countHere = (row: number, column: number) => here[row]?.[column] ?? 0
  return {
    rows: weekdayNames(),
    columns: hourNames(first, n),
    values,
    isMarked: (row: number, column: number) => countHere(row, column) > 0,
    more: (row: number, column: number): [string, string][] => [
      [t('alert:season.here'), formatCount(countHere(row, column))],
    ],
  }
}

export function SeasonPanel({ alert }: { alert: AlertDetail }) {
  const id = alert.employee_id
  const { data } = useQuery({
    ...calendarQuery({ kind: 'employee', id: id ?? '' }, 'hour', days),
    enabled: id !== null,
    retry: false,
    staleTime: 5 * 60_000,
  })
  const measure = measureOf(alert)
  const week = useMemo(
    () => (data && data.cells.length > 0 ? weekOf(alert, data.cells, measure) : null),
    [alert, data, measure],
  )
  if (!week || id === null) return null
  const what = t(`alert:season.${measure}`)
  return (
    <Panel
      title={t('alert:season.title')}
      aside={t('alert:season.aside', { what, employee: id, days: formatCount(days) })}
    >
      <HeatChart title={what} show={formatCount} height={rowPx * 7 + 22} {...week} />
    </Panel>
  )
}
