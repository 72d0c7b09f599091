// SPDX-License-Identifier: Apache-2.0
//
// Rows of a query, of which only the visible ones exist.
import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef } from 'react'
import type { LakeColumn, LakeResult } from '../../../api/insight'
import { formatTime } from '../../../lib/format'
import { t } from '../../../lib/i18n'
import styles from '../Search.module.css'

const rowHeight = 30
const sampleRows = 100

type Cell = LakeResult['rows'][number][number]

function cellText(value: Cell, type: LakeColumn['type']): string {
  if (value === null) return t('search:sql.null')
  if (type === 'time' && typeof value === 'string')
    return `${formatTime(value, 'date')}, ${formatTime(value, 'seconds')}`
  // As the lake has them, so that they can be used in the next query: no thousands, all digits.
  return String(value)
}

const isNumber = (type: LakeColumn['type']) => type === 'integer' || type === 'number'

// Wide enough for the first rows and the name, within bounds.
function widthsOf({ columns, rows }: LakeResult): number[] {
  return columns.map(({ name, type }, index) => {
    const longest = rows
      .slice(0, sampleRows)
      .reduce((most, row) => Math.max(most, cellText(row[index] ?? null, type).length), 0)
    return Math.min(420, Math.max(64, 8 + 7.6 * Math.max(name.length, longest)))
  })
}

export function SqlTable({ result }: { result: LakeResult }) {
  const { columns, rows } = result
  const scrollRef = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scrollRef.current,
    estimateSize: () => rowHeight,
    overscan: 15,
  })
  const widths = useMemo(() => widthsOf(result), [result])
  const template = `${widths.map((width) => `${Math.round(width)}px`).join(' ')} minmax(0, 1fr)`
  const minWidth = widths.reduce((sum, width) => sum + width + 12, 24)
  if (rows.length === 0)
    return (
      <p className={styles.none} role="status">
        {t('search:sql.noRows')}
      </p>
    )
  return (
    <div
      ref={scrollRef}
      className={styles.results}
      tabIndex={0}
      role="group"
      aria-label={t('search:results')}
      data-testid="sql-results"
    >
      <div
        role="table"
        aria-rowcount={rows.length + 1}
        aria-label={t('search:results')}
        style={{ minWidth }}
      >
        <div role="row" className={styles.headRow} style={{ gridTemplateColumns: template }}>
          {columns.map((column, index) => (
            <span
              key={index}
              role="columnheader"
              className={isNumber(column.type) ? styles.figure : undefined}
            >
              {column.name}
            </span>
          ))}
        </div>
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map((item) => (
            <div
              key={item.index}
              role="row"
              aria-rowindex={item.index + 2}
              className={`${styles.row} ${styles.plain}`}
              style={{
                gridTemplateColumns: template,
                height: rowHeight,
                transform: `translateY(${item.start}px)`,
              }}
            >
              {columns.map((column, index) => {
                const value = rows[item.index]?.[index] ?? null
                const text = cellText(value, column.type)
                return (
                  <span
                    key={index}
                    role="cell"
                    title={text}
                    className={`${isNumber(column.type) ? styles.figure : ''} ${value === null ? styles.null : ''}`}
                  >
                    {text}
                  </span>
                )
              })}
            </div>
          ))}
        </div>
      </div>
    </div>
  )
}
