// SPDX-License-Identifier: Apache-2.0
import { Link } from 'react-router-dom'
import type { TransactionBrief } from '../api/client'
import { formatMoney, formatTime } from '../lib/format'
import { t } from '../lib/i18n'
import { label } from '../lib/vocabulary'
import styles from './Lists.module.css'
import { RiskTag } from './Tags'

export function BriefTable({ items }: { items: TransactionBrief[] }) {
  if (items.length === 0) return <p className={styles.empty}>{t('briefs.none')}</p>
  return (
    <div className={styles.scroll} tabIndex={0} role="group" aria-label={t('briefs.label')}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t('briefs.time')}</th>
            <th scope="col">{t('briefs.type')}</th>
            <th scope="col">{t('briefs.paidBy')}</th>
            <th scope="col" className={styles.figure}>
              {t('briefs.amount')}
            </th>
            <th scope="col" className={styles.figure}>
              {t('briefs.risk')}
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
