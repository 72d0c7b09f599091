// SPDX-License-Identifier: Apache-2.0
//
// Who did and saw what: the log of the journal, searched. The address holds the search.
import { Button, Select, TextInput } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { useSearchParams } from 'react-router-dom'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { ErrorState, State } from '../../components/States'
import { formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import page from '../Page.module.css'
import { PageSkeleton } from '../PageSkeleton'
import { type AuditEntry, type AuditFilters, auditParams, auditTrailQuery } from './queries'

const texts = ['actor', 'about', 'subject'] as const
const days = ['from', 'to'] as const
const families = [
  'alert.',
  'case.',
  'employee.view',
  'card.view',
  'search.',
  'user.',
  'token.',
  'session.',
  'settings.',
  'allow.',
  'config.',
  'report.',
]

function filtersOf(params: URLSearchParams): AuditFilters {
  const of = (name: string) => params.get(name) ?? ''
  return {
    actor: of('actor'),
    about: of('about'),
    subject: of('subject'),
    kind: of('kind'),
    from: of('from'),
    to: of('to'),
  }
}

export function AuditPanel() {
  const [params, setParams] = useSearchParams()
  const filters = filtersOf(params)
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    auditTrailQuery(filters),
  )
  const set = (name: string, value: string | null) =>
    setParams(
      (old) => {
        if (value) old.set(name, value)
        else old.delete(name)
        return old
      },
      { replace: true },
    )
  const file = `/v1/audit?${new URLSearchParams({ ...auditParams(filters), format: 'csv' })}`
  const items = data?.pages.flatMap((part) => part.items) ?? []
  return (
    <>
      <div className={page.filters}>
        {texts.map((name) => (
          <TextInput
            key={name}
            label={t(`admin:audit.${name}`)}
            value={filters[name]}
            onChange={(event) => set(name, event.currentTarget.value)}
          />
        ))}
        <Select
          label={t('admin:audit.kind')}
          placeholder={t('admin:audit.anyKind')}
          data={families}
          searchable
          clearable
          clearButtonProps={{ 'aria-label': t('admin:scope.clear') }}
          value={filters.kind || null}
          onChange={(value) => set('kind', value)}
        />
        {days.map((name) => (
          <TextInput
            key={name}
            type="date"
            label={t(`admin:audit.${name}`)}
            value={filters[name]}
            onChange={(event) => set(name, event.currentTarget.value)}
          />
        ))}
        <Button
          component="a"
          href={file}
          download="audit.csv"
          variant="default"
          leftSection={<Download size={14} />}
        >
          CSV
        </Button>
      </div>
      {error && !data ? (
        <ErrorState
          title={t('admin:audit.unreadable')}
          error={error}
          onRetry={() => void refetch()}
        />
      ) : !data ? (
        <PageSkeleton />
      ) : items.length === 0 ? (
        <State isPart title={t('admin:audit.none')}>
          <p>{t('admin:audit.noneHelp')}</p>
        </State>
      ) : (
        <Panel
          title={t('admin:audit.title')}
          aside={t('admin:audit.aside')}
          className={page.spaced}
          isFlush
        >
          <AuditTable items={items} />
        </Panel>
      )}
      {hasNextPage && (
        <Button
          mt="sm"
          variant="default"
          loading={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          {t('admin:more')}
        </Button>
      )}
    </>
  )
}

function AuditTable({ items }: { items: AuditEntry[] }) {
  return (
    <div className={page.wide} tabIndex={0} role="group" aria-label={t('admin:audit.title')}>
      <table className={lists.table} style={{ minWidth: 820 }}>
        <thead>
          <tr>
            {(['time', 'actor', 'kind', 'subject', 'about', 'store', 'body'] as const).map(
              (name) => (
                <th scope="col" key={name}>
                  {t(`admin:audit.${name}`)}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.seq}>
              <td className="num" style={{ whiteSpace: 'nowrap' }}>
                {formatTime(item.time, 'dateTime')}
              </td>
              <td>{item.actor}</td>
              <td className={page.mono}>{item.kind}</td>
              <td>{item.subject ?? '–'}</td>
              <td>{item.about ?? '–'}</td>
              <td>{item.store_id ?? '–'}</td>
              <td className={`${page.mono} muted`}>
                {item.body && Object.keys(item.body).length > 0 ? JSON.stringify(item.body) : ''}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
