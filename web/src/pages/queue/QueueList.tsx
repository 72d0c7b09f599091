// SPDX-License-Identifier: Apache-2.0
//
// The virtualised list: only the rows in view exist, so that ten thousand alerts scroll like ten.
import { Skeleton } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef } from 'react'
import type { Alert } from '../../api/client'
import { useNow } from '../../lib/useNow'
import styles from './Queue.module.css'
import { QueueRow } from './QueueRow'
import { queueMemory } from './memory'

interface Props {
  alerts: Alert[]
  selectedId: string | null
  fresh: ReadonlySet<string>
  hasMore: boolean
  onMore: () => void
  onSelect: (alertId: string) => void
}

// The heights of a row in Queue.module.css.
const rowPx = { wide: 58, middle: 78, narrow: 132 }

function useRowHeight(): number {
  const options = { getInitialValueInEffect: false }
  const isNarrow = useMediaQuery('(max-width: 47.99em)', undefined, options)
  const isMiddle = useMediaQuery('(max-width: 62em)', undefined, options)
  return isNarrow ? rowPx.narrow : isMiddle ? rowPx.middle : rowPx.wide
}

export function QueueList({ alerts, selectedId, fresh, hasMore, onMore, onSelect }: Props) {
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
      <div className={styles.columns} aria-hidden="true">
        <span>Risk</span>
        <span>What happened</span>
        <span className={styles.signals}>Signals</span>
        <span>Store</span>
        <span className={styles.exposure}>Exposure</span>
        <span className={styles.count}>Receipts</span>
        <span className={styles.age}>Last activity</span>
        <span>Status</span>
      </div>
      <div
        className={styles.scroll}
        ref={scrollRef}
        onScroll={(event) => {
          queueMemory.offset = event.currentTarget.scrollTop
        }}
      >
        <ul className={styles.list} style={{ height: virtual.getTotalSize() }} aria-label="Alerts">
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
                  isFresh={fresh.has(alert.alert_id)}
                  nowMs={now}
                  onSelect={onSelect}
                />
              </li>
            )
          })}
        </ul>
      </div>
    </>
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
    <div aria-busy="true" aria-label="Loading alerts" role="status">
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
