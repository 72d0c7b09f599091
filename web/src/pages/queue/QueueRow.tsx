// SPDX-License-Identifier: Apache-2.0
import { memo } from 'react'
import { Link } from 'react-router-dom'
import type { Alert } from '../../api/client'
import { Avatar } from '../../components/Person'
import { DueTag, RiskTag, StatusTag } from '../../components/Tags'
import { entityText } from '../../lib/entity'
import { formatAge, formatCount, formatMoney, formatRisk, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { serverSentence } from '../../lib/serverSentence'
import { serverText } from '../../lib/serverText'
import styles from './Queue.module.css'

interface Props {
  alert: Alert
  isSelected: boolean
  isTicked: boolean
  isFresh: boolean
  nowMs: number
  onSelect: (alertId: string) => void
  // Undefined for those who may not work alerts.
  onTick?: (alertId: string, isRange: boolean) => void
}

export const QueueRow = memo(function QueueRow({
  alert,
  isSelected,
  isTicked,
  isFresh,
  nowMs,
  onSelect,
  onTick,
}: Props) {
  return (
    <>
      <Link
        to={`/alerts/${encodeURIComponent(alert.alert_id)}`}
        className={styles.row}
        data-alert={alert.alert_id}
        data-selected={isSelected || undefined}
        data-ticked={isTicked || undefined}
        data-fresh={isFresh || undefined}
        data-closed={alert.status === 'CLOSED' || undefined}
        aria-current={isSelected || undefined}
        onFocus={() => onSelect(alert.alert_id)}
      >
        <span className={styles.risk}>
          <RiskTag risk={alert.risk_score} />
        </span>
        <span className={styles.what}>
          <span className={styles.sentence}>{serverSentence(alert.sentence)}</span>
          <span className={styles.meta}>
            <b>{serverText(alert.title)}</b>
            <span>{entityText(alert)}</span>
          </span>
        </span>
        <span className={styles.signals}>
          {alert.reasons.slice(0, 3).map((reason) => (
            <span key={reason.signal}>
              {serverText(reason.title)} <span className="num">{formatRisk(reason.strength)}</span>
            </span>
          ))}
        </span>
        <span className={styles.store} title={alert.region ?? undefined}>
          <span className={styles.storeWord}>{t('queue:store')} </span>
          {alert.store_id}
        </span>
        <span className={styles.exposure}>{formatMoney(alert.exposure)}</span>
        <span className={styles.count}>
          {formatCount(alert.transaction_n)}
          <span className="sr"> {t('queue:receipts')}</span>
        </span>
        <span className={styles.age} title={formatTime(alert.updated_at, 'dateTime')}>
          {formatAge(alert.updated_at, nowMs)}
        </span>
        <span className={styles.status}>
          <StatusTag alert={alert} />
          <DueTag alert={alert} nowMs={nowMs} />
        </span>
        <span className={styles.assignee}>
          <Avatar user={alert.assignee} />
        </span>
      </Link>
      {onTick && (
        <label className={styles.tick}>
          <input
            type="checkbox"
            aria-label={t('queue:select', { id: alert.alert_id })}
            checked={isTicked}
            onChange={(event) => {
              const { shiftKey } = event.nativeEvent as MouseEvent
              onTick(alert.alert_id, shiftKey)
            }}
          />
        </label>
      )}
    </>
  )
})
