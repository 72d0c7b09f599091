// SPDX-License-Identifier: Apache-2.0
//
// Any transaction by any field, over the whole history. The address bar holds conditions, columns
// and the open receipt.
import { Button, Checkbox, Popover, Stack } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Columns3 } from 'lucide-react'
import { useCallback, useMemo, useState } from 'react'
import { useSearchParams } from 'react-router-dom'
import { type SearchRequest, type TimedPage, searchQuery } from '../../api/insight'
import { useCan } from '../../app/session'
import { ErrorState } from '../../components/States'
import { CaseMenu } from '../../components/work/CaseMenu'
import { formatCount, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { useTitle } from '../../lib/useTitle'
import { ExportMenu } from './ExportMenu'
import { ReceiptDrawer } from './ReceiptDrawer'
import { Results } from './Results'
import styles from './Search.module.css'
import { SearchFilters } from './SearchFilters'
import { SearchTabs } from './SearchTabs'
import { type ColumnName, columnNames, columnsFromParam, columnsOf, columnsParam } from './columns'
import { type Values, requestFromValues, valuesFromParams } from './fields'

function useAddress() {
  const [params, setParams] = useSearchParams()
  const change = useCallback(
    (part: Values) =>
      setParams(
        (now) => {
          const next = new URLSearchParams(now)
          for (const [name, value] of Object.entries(part)) {
            if (value) next.set(name, value)
            else next.delete(name)
          }
          return next
        },
        { replace: true },
      ),
    [setParams],
  )
  return { params, change }
}

export function SearchPage() {
  useTitle(t('search:title'))
  const { params, change } = useAddress()
  const values = valuesFromParams(params)
  const key = JSON.stringify(values)
  const request = useMemo(() => requestFromValues(JSON.parse(key) as Values), [key])
  const columns = columnsFromParam(params.get('cols'))
  const shown = params.get('open')
  return (
    <div className={styles.page}>
      <SearchTabs current="search" />
      <SearchFilters values={values} change={change} />
      <Found
        key={key}
        request={request}
        columns={columns}
        shown={shown}
        onColumns={(names) => change({ cols: columnsParam(names) ?? '' })}
        onShow={(id) => change({ open: id })}
      />
      <ReceiptDrawer id={shown} onClose={() => change({ open: '' })} />
    </div>
  )
}

interface FoundProps {
  request: SearchRequest
  columns: ColumnName[]
  shown: string | null
  onColumns: (names: ColumnName[]) => void
  onShow: (id: string) => void
}

function Found({ request, columns, shown, onColumns, onShow }: FoundProps) {
  const query = useInfiniteQuery(searchQuery(request))
  const { data, error, refetch, hasNextPage, isFetching, fetchNextPage } = query
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set())
  const drawn = useMemo(() => columnsOf(columns), [columns])
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage])
  const pick = useCallback((id: string, isPicked: boolean) => {
    setPicked((now) => {
      const next = new Set(now)
      if (isPicked) next.add(id)
      else next.delete(id)
      return next
    })
  }, [])
  if (error && !data)
    return <ErrorState title={t('search:failed')} error={error} onRetry={() => void refetch()} />
  const hits = data?.pages.flatMap((page) => page.items) ?? []
  return (
    <>
      <div className={styles.bar}>
        <Status pages={data?.pages ?? []} hasMore={hasNextPage} isFetching={isFetching} />
        <CaseButton picked={picked} />
        <ColumnsMenu columns={columns} onChange={onColumns} />
        <ExportMenu what={{ search: request }} isDisabled={hits.length === 0} />
      </div>
      {data && hits.length === 0 && !hasNextPage ? (
        <p className={styles.none} role="status">
          {t('search:none')}
        </p>
      ) : (
        <Results
          hits={hits}
          columns={drawn}
          hasMore={hasNextPage}
          isFetching={isFetching}
          shown={shown}
          picked={picked}
          onShow={onShow}
          onPick={pick}
          onMore={more}
        />
      )}
    </>
  )
}

interface StatusProps {
  pages: TimedPage[]
  hasMore: boolean
  isFetching: boolean
}

function Status({ pages, hasMore, isFetching }: StatusProps) {
  const last = pages.at(-1)
  const first = pages[0]
  if (!last || !first) return <span className={styles.status}>{t('search:searching')}</span>
  const n = pages.reduce((sum, page) => sum + page.items.length, 0)
  const parts = [
    t(hasMore ? 'search:countMore' : 'search:count', { count: n, n: formatCount(n) }),
    t('search:took', { ms: formatCount(Math.max(1, first.tookMs)) }),
  ]
  if (hasMore && last.searched_from)
    parts.push(t('search:lookedTo', { date: formatTime(last.searched_from, 'date') }))
  parts.push(t('search:upTo', { time: formatTime(last.up_to, 'seconds') }))
  return (
    <span className={styles.status} role="status" data-testid="search-status">
      {parts.join(' · ')}
      {isFetching && ' …'}
    </span>
  )
}

function CaseButton({ picked }: { picked: ReadonlySet<string> }) {
  const can = useCan()
  if (picked.size === 0 || !can('work')) return null
  return <CaseMenu variant="filled" contents={{ title: '', transactions: [...picked] }} />
}

interface ColumnsProps {
  columns: ColumnName[]
  onChange: (names: ColumnName[]) => void
}

function ColumnsMenu({ columns, onChange }: ColumnsProps) {
  return (
    <Popover position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<Columns3 size={14} />}>
          {t('search:columns')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('search:columns')}>
        <Checkbox.Group
          aria-label={t('search:columns')}
          value={columns}
          onChange={(names) => names.length > 0 && onChange(names as ColumnName[])}
        >
          <Stack gap={6}>
            {columnNames.map((name) => (
              <Checkbox key={name} size="xs" value={name} label={t(`search:column.${name}`)} />
            ))}
          </Stack>
        </Checkbox.Group>
      </Popover.Dropdown>
    </Popover>
  )
}
