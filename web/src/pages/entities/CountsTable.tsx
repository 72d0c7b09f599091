// SPDX-License-Identifier: Apache-2.0
//
// Stores, registers, employees or cards with their counts, the most telling ones first.
import { Button } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { Link } from 'react-router-dom'
import type { CountsBy } from '../../api/insight'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { formatCount, formatMoneyRounded, formatPercent, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import page from '../Page.module.css'
import styles from './Entities.module.css'

interface Props {
  title: string
  aside?: string
  name: string
  rows: CountsBy[]
  addressOf: (id: string) => string
  shown?: (id: string) => ReactNode
  empty: string
}

const firstN = 10

export function CountsTable({ title, aside, name, rows, addressOf, shown, empty }: Props) {
  const [isAll, setAll] = useState(false)
  return (
    <Panel
      title={title}
      aside={
        rows.length > firstN ? (
          <Button
            variant="subtle"
            size="compact-sm"
            fz="xs"
            aria-expanded={isAll}
            onClick={() => setAll(!isAll)}
          >
            {isAll ? t('actions.showFewer') : t('actions.showAll', { n: formatCount(rows.length) })}
          </Button>
        ) : (
          aside
        )
      }
      isFlush
    >
      {rows.length === 0 ? (
        <p className={lists.empty}>{empty}</p>
      ) : (
        <div className={page.wide} tabIndex={0} role="group" aria-label={title}>
          <table className={lists.table}>
            <thead>
              <tr>
                <th scope="col">{name}</th>
                <th scope="col" className={lists.figure}>
                  {t('entities:count.transactions')}
                </th>
                <th scope="col" className={lists.figure}>
                  {t('entities:count.refunds')}
                </th>
                <th scope="col" className={lists.figure}>
                  {t('entities:count.refundAmount')}
                </th>
                <th scope="col" className={lists.figure}>
                  {t('entities:count.voids')}
                </th>
                <th scope="col" className={lists.figure}>
                  {t('entities:count.alerted')}
                </th>
                <th scope="col" className={lists.figure}>
                  {t('entities:count.last')}
                </th>
              </tr>
            </thead>
            <tbody>
              {(isAll ? rows : rows.slice(0, firstN)).map((row) => (
                <tr key={row.id} data-alerted={row.alerted > 0 || undefined}>
                  <td>
                    <Link to={addressOf(row.id)}>{shown ? shown(row.id) : row.id}</Link>
                  </td>
                  <td className={lists.figure}>{formatCount(row.transactions)}</td>
                  <td className={lists.figure}>
                    <WithShare n={row.refunds} of={row.transactions} />
                  </td>
                  <td className={lists.figure}>
                    {row.refunds > 0 ? formatMoneyRounded(row.refund_amount) : '–'}
                  </td>
                  <td className={lists.figure}>
                    <WithShare n={row.voids} of={row.transactions} />
                  </td>
                  <td className={lists.figure}>{row.alerted ? formatCount(row.alerted) : '–'}</td>
                  <td className={`${lists.figure} muted`}>
                    {formatTime(row.last_date, 'monthDay')}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}

function WithShare({ n, of }: { n: number; of: number }) {
  if (n === 0) return <span className="muted">–</span>
  return (
    <>
      {formatCount(n)}
      {of > 0 && <span className={styles.share}>{formatPercent(n / of)}</span>}
    </>
  )
}
