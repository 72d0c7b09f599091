// SPDX-License-Identifier: Apache-2.0
//
// SQL over the history, read-only. The address bar keeps the query that was run, this browser the last
// ones.
import { Button, Menu } from '@mantine/core'
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query'
import { History, Lightbulb, Play } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useSearchParams } from 'react-router-dom'
import { ApiError } from '../../../api/client'
import { type LakeColumn, lakeColumnsQuery, runSql } from '../../../api/insight'
import { useCanEverywhere } from '../../../app/session'
import { NoRight } from '../../../components/States'
import { formatCount, formatTime } from '../../../lib/format'
import { t } from '../../../lib/i18n'
import { useTitle } from '../../../lib/useTitle'
import { ExportMenu } from '../ExportMenu'
import styles from '../Search.module.css'
import { SearchTabs } from '../SearchTabs'
import { type Place, SqlEditor } from './SqlEditor'
import { SqlTable } from './SqlTable'
import { examples, recentQueries, rememberQuery, tables } from './queries'

const rowsMax = 10_000

// What a run is of; `at` makes a second run of the same text another one.
interface Run {
  sql: string
  at: number
}

function useRun(run: Run | null) {
  return useQuery({
    queryKey: ['sql', run],
    queryFn: ({ signal }) => runSql(run?.sql ?? '', rowsMax, signal),
    enabled: run !== null,
    retry: false,
    staleTime: Infinity,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
  })
}

export function SqlPage() {
  useTitle(t('search:sql.title'))
  const can = useCanEverywhere()
  return can('sql') && can('names') ? <Console /> : <NoRight />
}

function placeOf(error: Error | null): Place | null {
  if (!(error instanceof ApiError) || error.line === undefined) return null
  return { line: error.line, column: error.column }
}

function Console() {
  const [params, setParams] = useSearchParams()
  const asked = params.get('sql') ?? ''
  const [text, setText] = useState(asked)
  const [run, setRun] = useState<Run | null>(asked ? { sql: asked, at: 0 } : null)
  const { data, error, isFetching } = useRun(run)
  const schema = useSchema()
  const start = () => {
    const sql = text.trim().replace(/;$/, '')
    if (!sql) return
    setParams({ sql }, { replace: true })
    rememberQuery(sql)
    setRun({ sql, at: Date.now() })
  }
  const fault = useMemo(() => placeOf(error), [error])
  return (
    <div className={styles.page}>
      <SearchTabs current="sql" />
      <div className={styles.console}>
        <div className={styles.editor}>
          <SqlEditor
            text={text}
            schema={schema.names}
            fault={fault}
            onChange={setText}
            onRun={start}
          />
        </div>
        <Schema columns={schema.columns} />
      </div>
      <div className={styles.bar}>
        <Button
          leftSection={<Play size={14} />}
          loading={isFetching}
          disabled={!text.trim()}
          onClick={start}
        >
          {t('search:sql.run')}
        </Button>
        <QueryMenu
          icon={<Lightbulb size={14} />}
          label={t('search:sql.examples')}
          items={examples.map(({ name, sql }) => ({ label: t(`search:example.${name}`), sql }))}
          onPick={setText}
        />
        <QueryMenu
          icon={<History size={14} />}
          label={t('search:sql.recent')}
          items={recentQueries().map((sql) => ({ label: sql.replace(/\s+/g, ' '), sql }))}
          onPick={setText}
        />
        <span className={styles.status} role="status" data-testid="sql-status">
          {data
            ? [
                t('search:sql.rows', { count: data.rows.length, n: formatCount(data.rows.length) }),
                t('search:took', { ms: formatCount(data.milliseconds) }),
                t('search:upTo', { time: formatTime(data.up_to, 'seconds') }),
                ...(data.truncated ? [t('search:sql.truncated')] : []),
              ].join(' · ')
            : t('search:sql.limits', { rows: formatCount(rowsMax) })}
        </span>
        <ExportMenu what={{ sql: run?.sql ?? '' }} isDisabled={!data || run === null} />
      </div>
      {error && (
        <p className={styles.problem} role="alert">
          {fault && `${t('search:sql.at', { line: fault.line, column: fault.column ?? 1 })} `}
          {error.message}
        </p>
      )}
      {data && !error && <SqlTable result={data} />}
    </div>
  )
}

interface MenuProps {
  icon: React.ReactNode
  label: string
  items: { label: string; sql: string }[]
  onPick: (sql: string) => void
}

function QueryMenu({ icon, label, items, onPick }: MenuProps) {
  return (
    <Menu position="bottom-start" shadow="md" width={360}>
      <Menu.Target>
        <Button variant="default" leftSection={icon} disabled={items.length === 0}>
          {label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown className={styles.addMenu}>
        {items.map((item) => (
          <Menu.Item key={item.sql} onClick={() => onPick(item.sql)}>
            <span className={styles.query}>{item.label}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

function useSchema() {
  const results = useQueries({ queries: tables.map(lakeColumnsQuery) })
  const known = results.map((result) => result.data)
  const key = known.map((columns) => columns?.length ?? 0).join()
  return useMemo(() => {
    const columns: [string, LakeColumn[]][] = []
    tables.forEach((table, index) => {
      const found = known[index]
      if (found) columns.push([table, found])
    })
    const names = Object.fromEntries(
      columns.map(([table, list]) => [table, list.map((column) => column.name)]),
    )
    return { columns, names }
    // The columns of a table do not change: their number says whether they have come.
  }, [key])
}

function Schema({ columns }: { columns: [string, LakeColumn[]][] }) {
  return (
    <div className={styles.schema} role="region" aria-label={t('search:sql.schema')} tabIndex={0}>
      {columns.map(([table, list]) => (
        <details key={table}>
          <summary>{table}</summary>
          <ul>
            {list.map((column) => (
              <li key={column.name}>
                <span>{column.name}</span>
                <span>{t(`search:columnType.${column.type}`)}</span>
              </li>
            ))}
          </ul>
        </details>
      ))}
    </div>
  )
}
