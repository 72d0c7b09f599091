// SPDX-License-Identifier: Apache-2.0
//
// The hits as a table of which only the visible rows exist; more are fetched as the reader comes near
// the end.
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useEffect, useRef } from 'react'
import type { SearchHit } from '../../api/insight'
import { t } from '../../lib/i18n'
import styles from './Search.module.css'
import type { Column } from './columns'

const rowHeight = 33

interface Props {
  hits: SearchHit[]
  columns: Column[]
  hasMore: boolean
  isFetching: boolean
  shown: string | null
  picked: ReadonlySet<string>
  onShow: (id: string) => void
  onPick: (id: string, isPicked: boolean) => void
  onMore: () => void
}

function templateOf(columns: Column[], mayPick: boolean): string {
  const widths = columns.map(({ widthPx, grow }) =>
    grow ? `minmax(${widthPx}px, ${grow}fr)` : `${widthPx}px`,
  )
  // Where no column grows, an empty one takes what is left.
  const rest = columns.some((column) => column.grow) ? [] : ['minmax(0, 1fr)']
  return [...(mayPick ? ['30px'] : []), ...widths, ...rest].join(' ')
}

export function Results(props: Props) {
  const { hits, columns, hasMore, isFetching, onMore } = props
  const scrollRef = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count: hits.length,
    getScrollElement: () => scrollRef.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  })
  const items = rows.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (hasMore && !isFetching && last >= hits.length - 30) onMore()
  }, [hasMore, isFetching, last, hits.length, onMore])

  const template = templateOf(columns, true)
  const minWidth = columns.reduce((sum, column) => sum + column.widthPx + 12, 60)
  return (
    <div
      ref={scrollRef}
      className={styles.results}
      tabIndex={0}
      role="group"
      aria-label={t('search:results')}
      data-testid="results"
    >
      <div
        role="table"
        aria-label={t('search:results')}
        aria-rowcount={hasMore ? -1 : hits.length + 1}
        style={{ minWidth }}
      >
        <div role="row" className={styles.headRow} style={{ gridTemplateColumns: template }}>
          <span role="columnheader">
            <span className="sr">{t('search:pick')}</span>
          </span>
          {columns.map((column) => (
            <span
              key={column.name}
              role="columnheader"
              className={column.isFigure ? styles.figure : undefined}
            >
              {t(`search:column.${column.name}`)}
            </span>
          ))}
        </div>
        <div role="rowgroup" style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {items.map((item) => {
            const hit = hits[item.index]
            if (!hit) return null
            return (
              <Row
                key={hit.transaction_id}
                {...props}
                hit={hit}
                index={item.index}
                top={item.start}
                template={template}
              />
            )
          })}
        </div>
      </div>
    </div>
  )
}

interface RowProps extends Props {
  hit: SearchHit
  index: number
  top: number
  template: string
}

// The neighbour's button may not exist yet: it is scrolled into being by the focus of this one.
function moveFocus(event: KeyboardEvent<HTMLElement>) {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  if (step === 0) return
  const row = event.currentTarget.closest('[role="row"]')
  const index = Number(row?.getAttribute('data-index')) + step
  const next = row?.parentElement?.querySelector<HTMLElement>(`[data-index="${index}"] button`)
  if (!next) return
  event.preventDefault()
  next.focus()
}

function Row({ hit, columns, index, top, template, shown, picked, onShow, onPick }: RowProps) {
  const id = hit.transaction_id
  const [first, ...others] = columns
  const isPicked = picked.has(id)
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className={styles.row}
      data-index={index}
      data-hit={id}
      data-shown={id === shown || undefined}
      data-picked={isPicked || undefined}
      data-alerted={hit.alert_id !== null || undefined}
      style={{ gridTemplateColumns: template, transform: `translateY(${top}px)` }}
      onClick={(event) => {
        if (!(event.target as HTMLElement).closest('a, button, input')) onShow(id)
      }}
    >
      <span role="cell">
        <input
          type="checkbox"
          className={styles.check}
          aria-label={t('search:pickOne', { id })}
          checked={isPicked}
          onChange={(event) => onPick(id, event.currentTarget.checked)}
        />
      </span>
      {first && (
        <span role="cell">
          <button
            type="button"
            className={styles.open}
            onClick={() => onShow(id)}
            onKeyDown={moveFocus}
          >
            {first.cell(hit)}
          </button>
        </span>
      )}
      {others.map((column) => (
        <span key={column.name} role="cell" className={column.isFigure ? styles.figure : undefined}>
          {column.cell(hit)}
        </span>
      ))}
    </div>
  )
}
