// SPDX-License-Identifier: Apache-2.0
import { Video } from 'lucide-react'
import type { AlertDetail, TransactionView } from '../../api/client'
import { Panel } from '../../components/Panel'
import { Receipt } from '../../components/Receipt'
import { RiskTag } from '../../components/Tags'
import { formatCount, formatMoney, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
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
      title={alert.transaction_n === 1 ? t('alert:receipt') : t('alert:receipts')}
      aside={
        <span className={styles.receiptsAside}>
          {isCut &&
            t('alert:newest', {
              n: formatCount(transactions.length),
              all: formatCount(alert.transaction_n),
            })}
          {picked && <CameraLink alert={alert} picked={picked} />}
        </span>
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

// Only links to web pages are followed: the template is a setting, and no script.
function CameraLink({ alert, picked }: { alert: AlertDetail; picked: TransactionView }) {
  const url = alert.camera_links.find((link) => link.transaction_id === picked.transaction_id)?.url
  if (!url || !/^(https?|rtsps?):\/\//i.test(url)) return null
  return (
    <a
      href={url}
      target="_blank"
      rel="noreferrer"
      title={t('alert:cameraAt', { time: formatTime(picked.time, 'seconds') })}
    >
      <Video size={13} style={{ verticalAlign: '-2px' }} /> {t('alert:camera')}
    </a>
  )
}
