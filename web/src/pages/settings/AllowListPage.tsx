// SPDX-License-Identifier: Apache-2.0
//
// Who and what is kept from alerting for a while, who answers for it, and why.
import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { ShieldCheck } from 'lucide-react'
import { useState } from 'react'
import { useCan } from '../../app/session'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { ErrorState, State } from '../../components/States'
import { StateTag } from '../../components/Tags'
import { formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { useTitle } from '../../lib/useTitle'
import { entityKindLabel, label } from '../../lib/vocabulary'
import page from '../Page.module.css'
import { PageSkeleton } from '../PageSkeleton'
import { ConfirmDialog } from '../admin/ConfirmDialog'
import { AllowDialog } from './AllowDialog'
import { type AllowEntry, allowQuery, useRemoveAllowed } from './queries'

export function AllowListPage() {
  useTitle(t('settings:allow.title'))
  const can = useCan()
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useInfiniteQuery(allowQuery)
  const [isAdding, setAdding] = useState(false)
  const [removed, setRemoved] = useState<AllowEntry | null>(null)
  if (error && !data)
    return (
      <ErrorState
        title={t('settings:allow.unreadable')}
        error={error}
        onRetry={() => void refetch()}
      />
    )
  if (!data) return <PageSkeleton />
  const items = data.pages.flatMap((part) => part.items)
  const add = can('manage') && (
    <Button leftSection={<ShieldCheck size={14} />} onClick={() => setAdding(true)}>
      {t('settings:allow.add')}
    </Button>
  )
  return (
    <div className={page.page}>
      <div className={page.head}>
        <h1>{t('settings:allow.title')}</h1>
        <span className="muted">{t('settings:allow.help')}</span>
      </div>
      {items.length === 0 ? (
        <State isPart title={t('settings:allow.none')} actions={add || undefined}>
          <p>{t('settings:allow.noneHelp')}</p>
        </State>
      ) : (
        <>
          {add && <div className={page.tools}>{add}</div>}
          <Panel title={t('settings:allow.newest')} isFlush>
            <AllowTable items={items} onRemove={can('manage') ? setRemoved : null} />
          </Panel>
        </>
      )}
      {hasNextPage && (
        <div>
          <Button
            variant="default"
            loading={isFetchingNextPage}
            onClick={() => void fetchNextPage()}
          >
            {t('settings:more')}
          </Button>
        </div>
      )}
      {isAdding && <AllowDialog onClose={() => setAdding(false)} />}
      {removed && <RemoveDialog entry={removed} onClose={() => setRemoved(null)} />}
    </div>
  )
}

const columns = ['entity', 'scheme', 'reason', 'owner', 'until', 'state'] as const

function AllowTable({
  items,
  onRemove,
}: {
  items: AllowEntry[]
  onRemove: ((entry: AllowEntry) => void) | null
}) {
  return (
    <div className={page.wide} tabIndex={0} role="group" aria-label={t('settings:allow.title')}>
      <table className={lists.table} style={{ minWidth: 760 }}>
        <thead>
          <tr>
            {columns.map((name) => (
              <th scope="col" key={name}>
                {t(`settings:allow.${name}`)}
              </th>
            ))}
            <th scope="col">
              <span className="sr">{t('settings:allow.remove')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((entry) => (
            <tr key={entry.id}>
              <td>
                <b>{entry.entity.id}</b>
                <div className="muted">{entityKindLabel(entry.entity.kind)}</div>
              </td>
              <td>{entry.scheme ? label(entry.scheme) : t('settings:allow.everyScheme')}</td>
              <td>{entry.reason}</td>
              <td>{entry.owner}</td>
              <td className="num">{formatTime(entry.until, 'date')}</td>
              <td>
                <StateTag tone={entry.is_active ? 'good' : 'none'}>
                  {entry.is_active ? t('settings:allow.active') : t('settings:allow.over')}
                </StateTag>
              </td>
              <td>
                {onRemove && entry.is_active && (
                  <Button
                    variant="default"
                    size="compact-xs"
                    aria-label={t('settings:allow.removeOne', { id: entry.entity.id })}
                    onClick={() => onRemove(entry)}
                  >
                    {t('settings:allow.remove')}
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function RemoveDialog({ entry, onClose }: { entry: AllowEntry; onClose: () => void }) {
  const { mutate, error, isPending } = useRemoveAllowed()
  return (
    <ConfirmDialog
      title={t('settings:allow.removeTitle', { id: entry.entity.id })}
      text={t('settings:allow.removeText')}
      button={t('settings:allow.remove')}
      error={error}
      isBusy={isPending}
      onClose={onClose}
      onConfirm={() => mutate({ id: entry.id, reason: '' }, { onSuccess: onClose })}
    />
  )
}
