// SPDX-License-Identifier: Apache-2.0
//
// The figures by store, scheme, region and so on. Names lead to the alerts behind the row.
import { Button, SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ArrowDown } from 'lucide-react'
import { type CSSProperties, type ReactNode, useState } from 'react'
import { Link } from 'react-router-dom'
import {
  type MetricsCut,
  type MetricsQuery,
  type MetricsRow,
  type MetricsSort,
  type MetricsTable,
  metricsTableQuery,
} from '../../api/insight'
import { IntervalBar, ShareText } from '../../components/Intervals'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { queueAddress, storeAddress } from '../../lib/address'
import {
  formatChange,
  formatCount,
  formatMinutes,
  formatMoneyRounded,
  formatPercent,
} from '../../lib/format'
import { t } from '../../lib/i18n'
import { serverText } from '../../lib/serverText'
import { alertTypeLabel, label } from '../../lib/vocabulary'
import page from '../Page.module.css'
import styles from './Dashboard.module.css'
import type { ViewProps } from './DashboardPage'
import { type View, cutChoices, teamChoices } from './view'

type Props = ViewProps & { query: MetricsQuery }

const topN = 8
const allN = 100

interface Column {
  name: string
  title: () => string
  sort?: MetricsSort
  cell: (row: MetricsRow) => ReactNode
}

const columns = {
  alerts: {
    name: 'alerts',
    title: () => t('dashboard:figure.alerts'),
    sort: 'alerts',
    cell: (row) => <Alerts row={row} />,
  },
  precision: {
    name: 'precision',
    title: () => t('dashboard:figure.precision'),
    sort: 'precision',
    cell: ({ figures }) => <ShareText share={figures.precision} />,
  },
  falsePositive: {
    name: 'falsePositive',
    title: () => t('dashboard:figure.false_positive'),
    sort: 'false_positive',
    cell: ({ figures }) =>
      figures.false_positive.value === null ? '–' : formatPercent(figures.false_positive.value),
  },
  exposure: {
    name: 'exposure',
    title: () => t('dashboard:figure.exposure'),
    sort: 'exposure',
    cell: ({ figures }) => formatMoneyRounded(figures.exposure),
  },
  recovered: {
    name: 'recovered',
    title: () => t('dashboard:figure.recovered'),
    sort: 'recovered',
    cell: ({ figures }) => formatMoneyRounded(figures.recovered),
  },
  saved: {
    name: 'saved',
    title: () => t('dashboard:trend.saved'),
    sort: 'saved',
    cell: ({ figures }) => formatMoneyRounded(figures.saved),
  },
  open: {
    name: 'open',
    title: () => t('dashboard:trend.open'),
    sort: 'open',
    cell: ({ figures }) => formatCount(figures.open),
  },
  decided: {
    name: 'decided',
    title: () => t('dashboard:column.decided'),
    cell: ({ figures }) => formatCount(figures.decided),
  },
  minutes: {
    name: 'minutes',
    title: () => t('dashboard:column.minutes'),
    sort: 'minutes',
    cell: ({ figures }) =>
      figures.minutes_p50 === null ? '–' : formatMinutes(figures.minutes_p50),
  },
  inTime: {
    name: 'inTime',
    title: () => t('dashboard:figure.in_time'),
    cell: ({ figures }) => <ShareText share={figures.in_time} />,
  },
  overdue: {
    name: 'overdue',
    title: () => t('dashboard:backlog.overdue'),
    sort: 'overdue',
    cell: ({ figures }) => formatCount(figures.overdue_open),
  },
} satisfies Record<string, Column>

// The number of alerts, and how it moved.
function Alerts({ row }: { row: MetricsRow }) {
  const before = row.previous.alerts
  const moved = before > 0 ? row.figures.alerts / before - 1 : null
  return (
    <>
      {formatCount(row.figures.alerts)}
      <small className={styles.moved}>
        {moved === null ? t('dashboard:column.new') : formatChange(moved)}
      </small>
    </>
  )
}

// The row's name in the reader's words; the server knows names of users, regions and signals.
function nameOf(cut: MetricsCut, row: MetricsRow): string {
  if (row.key === null || row.key === '') return t(`dashboard:none.${cut}`)
  if (cut === 'scheme') return label(row.key)
  if (cut === 'type') return alertTypeLabel(row.key as Parameters<typeof alertTypeLabel>[0])
  return serverText(row.title || row.key)
}

function Name({ cut, row }: { cut: MetricsCut; row: MetricsRow }) {
  const name = nameOf(cut, row)
  if (row.filter === null) return <span>{name}</span>
  return <Link to={queueAddress(row.filter)}>{name}</Link>
}

interface TableProps {
  table: MetricsTable | undefined
  error: Error | null
  columns: Column[]
  name: string
  sort?: MetricsSort
  onSort?: (sort: MetricsSort) => void
  // Beside the name.
  extra?: (row: MetricsRow) => ReactNode
  minWidth?: number
}

function FiguresTable({ table, error, columns, name, sort, onSort, extra, minWidth }: TableProps) {
  if (error && !table)
    return (
      <p className={lists.empty} role="alert">
        {error.message}
      </p>
    )
  if (!table) return <div className={styles.waiting} aria-busy="true" />
  if (table.items.length === 0) return <p className={lists.empty}>{t('dashboard:noRows')}</p>
  return (
    <div className={page.wide} tabIndex={0} role="group" aria-label={name}>
      <table className={`${lists.table} ${styles.table}`} style={{ minWidth }}>
        <thead>
          <tr>
            <th scope="col">{t(`dashboard:cut.${table.cut}`)}</th>
            {extra && (
              <th scope="col">
                <span className="sr">{t('dashboard:column.mix')}</span>
              </th>
            )}
            {columns.map((column) => (
              <Head key={column.name} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {table.items.map((row) => (
            <tr key={row.key ?? ''}>
              <td>
                <Name cut={table.cut} row={row} />
              </td>
              {extra && <td className={styles.mixCell}>{extra(row)}</td>}
              {columns.map((column) => (
                <td key={column.name} className={lists.figure}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Head({
  column,
  sort,
  onSort,
}: {
  column: Column
  sort: MetricsSort | undefined
  onSort: ((sort: MetricsSort) => void) | undefined
}) {
  const { sort: by } = column
  if (!onSort || !by)
    return (
      <th scope="col" className={lists.figure}>
        {column.title()}
      </th>
    )
  const isSorted = sort === by
  return (
    <th scope="col" className={lists.figure} aria-sort={isSorted ? 'descending' : undefined}>
      <button type="button" className={styles.sort} onClick={() => onSort(by)}>
        {isSorted && <ArrowDown size={12} aria-hidden="true" />}
        {column.title()}
      </button>
    </th>
  )
}

export function StoresPanel({ query, view }: Props) {
  const [sort, setSort] = useState<MetricsSort>('exposure')
  const [isAll, setAll] = useState(false)
  const { data, error } = useQuery(metricsTableQuery(query, 'store', sort, isAll ? allN : topN))
  return (
    <Panel
      title={t('dashboard:stores.title')}
      aside={
        view.store_id ? (
          <Link to={storeAddress(view.store_id)}>
            {t('dashboard:stores.open', { id: view.store_id })}
          </Link>
        ) : (
          data &&
          data.total > topN && (
            <Button
              variant="subtle"
              size="compact-sm"
              fz="xs"
              aria-expanded={isAll}
              onClick={() => setAll(!isAll)}
            >
              {isAll
                ? t('actions.showFewer')
                : t('actions.showAll', { n: formatCount(data.total) })}
            </Button>
          )
        )
      }
      isFlush
    >
      <FiguresTable
        table={data}
        error={error}
        name={t('dashboard:stores.title')}
        columns={[columns.alerts, columns.precision, columns.exposure, columns.recovered]}
        sort={sort}
        onSort={setSort}
      />
    </Panel>
  )
}

// How a scheme's alerts ended, as parts of one bar; the longest bar is the commonest scheme.
function Mix({ row, most }: { row: MetricsRow; most: number }) {
  const { confirmed, refuted, operational, inconclusive, open, alerts } = row.figures
  const parts = [
    ['bad', confirmed],
    ['mark', refuted + operational],
    ['band', inconclusive],
    ['accent', open],
  ] as const
  return (
    <span
      className={styles.mix}
      aria-hidden="true"
      style={{ '--width': `${(100 * alerts) / Math.max(1, most)}%` } as CSSProperties}
    >
      {parts.map(([tone, n]) =>
        n > 0 ? <i key={tone} style={{ flexGrow: n, background: `var(--tw-${tone})` }} /> : null,
      )}
    </span>
  )
}

export function SchemesPanel({ query }: Props) {
  const { data, error } = useQuery(metricsTableQuery(query, 'scheme', 'alerts', allN))
  const most = Math.max(1, ...(data?.items ?? []).map((row) => row.figures.alerts))
  return (
    <Panel title={t('dashboard:schemes.title')} aside={t('dashboard:schemes.aside')} isFlush>
      <FiguresTable
        table={data}
        error={error}
        name={t('dashboard:schemes.title')}
        columns={[columns.alerts, columns.precision, columns.exposure]}
        extra={(row) => <Mix row={row} most={most} />}
      />
    </Panel>
  )
}

export function BreakdownPanel({ query, view, change }: Props) {
  const [sort, setSort] = useState<MetricsSort>('alerts')
  const { data, error } = useQuery(metricsTableQuery(query, view.by, sort, allN))
  return (
    <Panel
      title={t('dashboard:breakdown.title')}
      aside={
        <SegmentedControl
          size="xs"
          aria-label={t('dashboard:breakdown.by')}
          value={view.by}
          onChange={(value) => change({ by: value as View['by'] })}
          data={cutChoices.map((value) => ({ value, label: t(`dashboard:cut.${value}`) }))}
        />
      }
      isFlush
    >
      <FiguresTable
        table={data}
        error={error}
        name={t('dashboard:breakdown.title')}
        minWidth={940}
        columns={[
          columns.alerts,
          columns.open,
          columns.precision,
          columns.falsePositive,
          columns.exposure,
          columns.recovered,
          columns.saved,
          columns.minutes,
          columns.overdue,
        ]}
        extra={(row) => <IntervalBar interval={row.figures.precision} tone="other" />}
        sort={sort}
        onSort={setSort}
      />
    </Panel>
  )
}

export function TeamPanel({ query, view, change }: Props) {
  const [sort, setSort] = useState<MetricsSort>('alerts')
  const { data, error } = useQuery(metricsTableQuery(query, view.team, sort, allN))
  return (
    <Panel
      title={t('dashboard:team.title')}
      aside={
        <SegmentedControl
          size="xs"
          aria-label={t('dashboard:team.by')}
          value={view.team}
          onChange={(value) => change({ team: value as View['team'] })}
          data={teamChoices.map((value) => ({ value, label: t(`dashboard:cut.${value}`) }))}
        />
      }
      isFlush
    >
      <FiguresTable
        table={data}
        error={error}
        name={t('dashboard:team.title')}
        minWidth={560}
        columns={[
          columns.alerts,
          columns.decided,
          columns.precision,
          columns.minutes,
          columns.inTime,
          columns.overdue,
        ]}
        sort={sort}
        onSort={setSort}
      />
    </Panel>
  )
}
