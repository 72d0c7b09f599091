// SPDX-License-Identifier: Apache-2.0
import type { AlertDetail, TransactionView } from '../../api/client'
import { Panel } from '../../components/Panel'
import { Receipt } from '../../components/Receipt'
import { RiskTag } from '../../components/Tags'
import { formatCount, formatMoney, formatTime } from '../../lib/format'
import { label } from '../../lib/vocabulary'
import styles from './AlertPage.module.css'

interface Props {
  alert: AlertDetail
  picked: TransactionView | undefined
  onPick: (transactionId: string) => void
}

export function ReceiptsPanel({ alert, picked, onPick }: Props) {
  const { transactions } = alert
  const isCut = alert.transaction_n > transactions.length
  return (
    <Panel
      title={alert.transaction_n === 1 ? 'Receipt' : 'Receipts'}
      aside={
        isCut ? `newest ${transactions.length} of ${formatCount(alert.transaction_n)}` : undefined
      }
      isFlush
    >
      {transactions.length > 1 && (
        <ul className={styles.tabs}>
          {transactions.map((item) => (
            <li key={item.transaction_id}>
              <button
                type="button"
                className={styles.tab}
                aria-current={item.transaction_id === picked?.transaction_id || undefined}
                onClick={() => onPick(item.transaction_id)}
              >
                <span>{formatTime(item.time, 'dateTime')}</span>
                <span className="muted">{label(item.type)}</span>
                <span>{formatMoney(item.total)}</span>
                <RiskTag risk={item.risk_score} />
              </button>
            </li>
          ))}
        </ul>
      )}
      <div className={styles.receipt}>{picked && <Receipt transaction={picked} />}</div>
    </Panel>
  )
}
