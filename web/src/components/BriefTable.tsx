// SPDX-License-Identifier: Apache-2.0
import { Link } from 'react-router-dom'
import type { TransactionBrief } from '../api/client'
import { formatMoney, formatTime } from '../lib/format'
import { label } from '../lib/vocabulary'
import styles from './Lists.module.css'
import { RiskTag } from './Tags'

export function BriefTable({ items }: { items: TransactionBrief[] }) {
  if (items.length === 0) return <p className={styles.empty}>No transactions.</p>
  return (
    <div className={styles.scroll} tabIndex={0} role="group" aria-label="Recent transactions">
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Type</th>
            <th scope="col">Paid by</th>
            <th scope="col" className={styles.figure}>
              Amount
            </th>
            <th scope="col" className={styles.figure}>
              Risk
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.transaction_id} data-alerted={item.alerted || undefined}>
              <td>
                <Link
                  to={`/transactions/${encodeURIComponent(item.transaction_id)}`}
                  className="num"
                >
                  {formatTime(item.time, 'dateTime')}
                </Link>
              </td>
              <td>{label(item.type)}</td>
              <td className="muted">{label(item.payment_type)}</td>
              <td className={styles.figure}>{formatMoney(item.total)}</td>
              <td className={styles.figure}>
                <RiskTag risk={item.risk_score} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
