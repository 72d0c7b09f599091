// SPDX-License-Identifier: Apache-2.0
import { Link } from 'react-router-dom'
import type { AlertBrief } from '../api/client'
import { formatMoney, formatTime } from '../lib/format'
import { serverSentence } from '../lib/serverSentence'
import { label } from '../lib/vocabulary'
import styles from './Lists.module.css'
import { RiskTag, StatusTag } from './Tags'

interface Props {
  alerts: Pick<
    AlertBrief,
    'alert_id' | 'created_at' | 'sentence' | 'risk_score' | 'exposure' | 'status' | 'verdict'
  >[]
  empty: string
}

export function AlertLinks({ alerts, empty }: Props) {
  if (alerts.length === 0) return <p className={styles.empty}>{empty}</p>
  return (
    <ul className={styles.list}>
      {alerts.map((alert) => (
        <li key={alert.alert_id}>
          <Link className={styles.alert} to={`/alerts/${encodeURIComponent(alert.alert_id)}`}>
            <RiskTag risk={alert.risk_score} />
            <span className={styles.sentence}>{serverSentence(alert.sentence)}</span>
            <span className={styles.side}>
              <StatusTag alert={alert} />
            </span>
            <span className={styles.meta}>
              <span>{formatTime(alert.created_at, 'dateTime')}</span>
              <span className="num">{formatMoney(alert.exposure)}</span>
              {alert.verdict && <span>{label(alert.verdict.reason)}</span>}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  )
}
