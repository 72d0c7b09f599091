// SPDX-License-Identifier: Apache-2.0
//
// Records that were not accepted: where they came from, what is wrong, what they said; and mending
// them. The address holds the filters.
import { Button, SegmentedControl, Select } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useSearchParams } from 'react-router-dom'
import { useCan } from '../../app/session'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { ErrorState, State } from '../../components/States'
import { formatCount, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { useTitle } from '../../lib/useTitle'
import page from '../Page.module.css'
import { PageSkeleton } from '../PageSkeleton'
import { MendDialog } from './MendDialog'
import { type Letter, dataQuery, lettersQuery } from './queries'

const states = { open: false, resolved: true, all: null } as const
type Shown = keyof typeof states
const isShown = (text: string | null): text is Shown => text !== null && text in states

export function RejectedPage() {
  useTitle(t('data:letters.title'))
  const [params, setParams] = useSearchParams()
  const shown = params.get('show')
  const show: Shown = isShown(shown) ? shown : 'open'
  const reason = params.get('reason')
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    lettersQuery({ reason, resolved: states[show] }),
  )
  const reasons = useQuery(dataQuery).data?.dead_letters.reasons.map((row) => row.reason) ?? []
  const [mended, setMended] = useState<Letter | null>(null)
  const can = useCan()
  const set = (name: string, value: string | null) =>
    setParams(
      (old) => {
        if (value) old.set(name, value)
        else old.delete(name)
        return old
      },
      { replace: true },
    )
  if (error && !data)
    return (
      <ErrorState
        title={t('data:letters.unreadable')}
        error={error}
        onRetry={() => void refetch()}
      />
    )
  const items = data?.pages.flatMap((part) => part.items) ?? []
  const mayMend = can('ingest') || can('manage')
  return (
    <div className={page.page}>
      <div className={page.head}>
        <h1>{t('data:letters.title')}</h1>
      </div>
      <div className={page.tools}>
        <Select
          aria-label={t('data:letters.reason')}
          placeholder={t('data:letters.anyReason')}
          data={[...new Set(reason ? [reason, ...reasons] : reasons)]}
          clearable
          clearButtonProps={{ 'aria-label': t('data:letters.anyReason') }}
          value={reason}
          onChange={(value) => set('reason', value)}
        />
        <SegmentedControl
          size="xs"
          aria-label={t('data:letters.show')}
          data={[
            { value: 'open', label: t('data:letters.showOpen') },
            { value: 'resolved', label: t('data:letters.showResolved') },
            { value: 'all', label: t('data:letters.showAll') },
          ]}
          value={show}
          onChange={(value) => set('show', value === 'open' ? null : value)}
        />
      </div>
      {!data ? (
        <PageSkeleton />
      ) : items.length === 0 ? (
        <State isPart title={t('data:letters.empty')}>
          <p>{t('data:letters.emptyHelp')}</p>
        </State>
      ) : (
        <Panel title={t('data:letters.newest')} aside={t('data:letters.masked')} isFlush>
          <LetterTable items={items} onMend={mayMend ? setMended : null} />
        </Panel>
      )}
      {hasNextPage && (
        <div>
          <Button
            variant="default"
            loading={isFetchingNextPage}
            onClick={() => void fetchNextPage()}
          >
            {t('data:letters.more')}
          </Button>
        </div>
      )}
      {mended && <MendDialog letter={mended} onClose={() => setMended(null)} />}
    </div>
  )
}

function LetterTable({
  items,
  onMend,
}: {
  items: Letter[]
  onMend: ((letter: Letter) => void) | null
}) {
  return (
    <div className={page.wide} tabIndex={0} role="group" aria-label={t('data:letters.title')}>
      <table className={lists.table} style={{ minWidth: 860 }}>
        <thead>
          <tr>
            <th scope="col">{t('data:letters.received')}</th>
            <th scope="col">{t('data:letters.source')}</th>
            <th scope="col" className={lists.figure}>
              {t('data:letters.line')}
            </th>
            <th scope="col">{t('data:letters.wrong')}</th>
            <th scope="col">{t('data:letters.record')}</th>
            <th scope="col">
              <span className="sr">{t('data:letters.mend')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.id}>
              <td className="num" style={{ whiteSpace: 'nowrap' }}>
                {formatTime(item.received_at, 'dateTime')}
              </td>
              <td>{item.source}</td>
              <td className={lists.figure}>{item.line === null ? '–' : formatCount(item.line)}</td>
              <td>
                {item.sentence}
                {item.field && <div className={`${page.mono} muted`}>{item.field}</div>}
              </td>
              <td className={`${page.mono} muted`}>{item.excerpt}</td>
              <td>
                {item.resolved_at ? (
                  <span className="muted">
                    {t('data:letters.resolved', { who: item.resolved_by })}
                  </span>
                ) : (
                  onMend && (
                    <Button
                      variant="default"
                      size="compact-xs"
                      aria-label={t('data:letters.mendOne', { id: item.id })}
                      onClick={() => onMend(item)}
                    >
                      {t('data:letters.mend')}
                    </Button>
                  )
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
