// SPDX-License-Identifier: Apache-2.0
//
// The virtualised list: only the rows in view exist, so that ten thousand alerts scroll like ten.
import { Skeleton } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useCallback, useEffect, useRef } from 'react'
import type { Alert } from '../../api/client'
import { useCan } from '../../app/session'
import { t } from '../../lib/i18n'
import { useNow } from '../../lib/useNow'
import styles from './Queue.module.css'
import { QueueRow } from './QueueRow'
import { queueMemory } from './memory'
import { type Selection, bulkMax } from './useSelection'

interface Props {
  alerts: Alert[]
  selection: Selection
  selectedId: string | null
  fresh: ReadonlySet<string>
  hasMore: boolean
  onMore: () => void
  onSelect: (alertId: string) => void
}

// The heights of a row in Queue.module.css.
const rowPx = { wide: 58, middle: 78, narrow: 136 }

function useRowHeight(): number {
  const options = { getInitialValueInEffect: false }
  const isNarrow = useMediaQuery('(max-width: 47.99em)', undefined, options)
  const isMiddle = useMediaQuery('(max-width: 75em)', undefined, options)
  return isNarrow ? rowPx.narrow : isMiddle ? rowPx.middle : rowPx.wide
}

export function QueueList({
  alerts,
  selection,
  selectedId,
  fresh,
  hasMore,
  onMore,
  onSelect,
}: Props) {
  const canWork = useCan()('work')
  // The rows are kept as they are while only the selection's functions change.
  const toggle = useRef(selection.toggle)
  toggle.current = selection.toggle
  const onTick = useCallback(
    (alertId: string, isRange: boolean) => toggle.current(alertId, isRange),
    [],
  )
  const now = useNow()
  const rowHeight = useRowHeight()
  const scrollRef = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: alerts.length,
    getScrollElement: () => scrollRef.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    initialOffset: queueMemory.offset,
    getItemKey: (index) => alerts[index]?.alert_id ?? index,
  })
  const items = virtual.getVirtualItems()
  const lastIndex = items.at(-1)?.index ?? 0

  useEffect(() => virtual.measure(), [rowHeight, virtual])
  useEffect(() => {
    if (hasMore && lastIndex >= alerts.length - 20) onMore()
  }, [hasMore, lastIndex, alerts.length, onMore])
  useSelectedFocus(selectedId, alerts, scrollRef, (index) => virtual.scrollToIndex(index))

  return (
    <>
      <div className={styles.columns}>
        {canWork && <TickAll alerts={alerts} selection={selection} />}
        <span aria-hidden="true">{t('queue:risk')}</span>
        <span aria-hidden="true">{t('queue:column.what')}</span>
        <span aria-hidden="true" className={styles.signals}>
          {t('queue:column.signals')}
        </span>
        <span aria-hidden="true">{t('queue:store')}</span>
        <span aria-hidden="true" className={styles.exposure}>
          {t('queue:column.exposure')}
        </span>
        <span aria-hidden="true" className={styles.count}>
          {t('queue:column.receipts')}
        </span>
        <span aria-hidden="true" className={styles.age}>
          {t('queue:column.activity')}
        </span>
        <span aria-hidden="true">{t('queue:column.state')}</span>
        <span aria-hidden="true" className={styles.assignee} />
      </div>
      <div
        className={styles.scroll}
        ref={scrollRef}
        onScroll={(event) => {
          queueMemory.offset = event.currentTarget.scrollTop
        }}
      >
        <ul
          className={styles.list}
          style={{ height: virtual.getTotalSize() }}
          aria-label={t('queue:title')}
        >
          {items.map((item) => {
            const alert = alerts[item.index]
            if (!alert) return null
            return (
              <li
                key={item.key}
                className={styles.item}
                style={{ transform: `translateY(${item.start}px)` }}
                aria-posinset={item.index + 1}
                aria-setsize={alerts.length}
              >
                <QueueRow
                  alert={alert}
                  isSelected={alert.alert_id === selectedId}
                  isTicked={selection.ticked.has(alert.alert_id)}
                  isFresh={fresh.has(alert.alert_id)}
                  nowMs={now}
                  onSelect={onSelect}
                  onTick={canWork ? onTick : undefined}
                />
              </li>
            )
          })}
        </ul>
      </div>
    </>
  )
}

function TickAll({ alerts, selection }: Pick<Props, 'alerts' | 'selection'>) {
  const { picked, all, clear } = selection
  const isAll = picked.length > 0 && picked.length >= Math.min(alerts.length, bulkMax)
  return (
    <label className={styles.tick}>
      <input
        type="checkbox"
        aria-label={t('queue:selectAll')}
        checked={isAll}
        ref={(input) => {
          if (input) input.indeterminate = picked.length > 0 && !isAll
        }}
        onChange={() => (picked.length > 0 ? clear() : all())}
      />
    </label>
  )
}

// Moving by keyboard moves the focus too, so that a screen reader follows.
function useSelectedFocus(
  selectedId: string | null,
  alerts: Alert[],
  scrollRef: React.RefObject<HTMLDivElement>,
  scrollTo: (index: number) => void,
) {
  const shown = useRef(selectedId)
  useEffect(() => {
    if (selectedId === shown.current) return
    shown.current = selectedId
    const index = alerts.findIndex((alert) => alert.alert_id === selectedId)
    if (index < 0) return
    scrollTo(index)
    requestAnimationFrame(() => {
      const row = scrollRef.current?.querySelector<HTMLElement>(
        `[data-alert="${CSS.escape(selectedId ?? '')}"]`,
      )
      row?.focus({ preventScroll: true })
    })
  }, [selectedId, alerts, scrollRef, scrollTo])
}

export function QueueSkeleton() {
  return (
    <div aria-busy="true" aria-label={t('queue:loading')} role="status">
      {Array.from({ length: 12 }, (_, index) => (
        <div key={index} className={styles.skeleton}>
          <Skeleton height={20} />
          <div>
            <Skeleton height={11} width={`${74 - (index % 4) * 9}%`} mb={8} />
            <Skeleton height={9} width={`${38 - (index % 3) * 6}%`} />
          </div>
          <Skeleton height={11} />
        </div>
      ))}
    </div>
  )
}
