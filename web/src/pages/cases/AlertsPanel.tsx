// SPDX-License-Identifier: Apache-2.0
import { ActionIcon } from '@mantine/core'
import { X } from 'lucide-react'
import { Link } from 'react-router-dom'
import { Panel } from '../../components/Panel'
import { RiskTag, StatusTag } from '../../components/Tags'
import { formatCount, formatMoney, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { serverSentence } from '../../lib/serverSentence'
import styles from './Case.module.css'
import type { PanelProps } from './useFile'

export function AlertsPanel({ file, work }: PanelProps) {
  return (
    <Panel
      title={t('cases:alertsPanel.title')}
      aside={<span className="num">{formatCount(file.alert_n)}</span>}
      isFlush
    >
      {file.alerts.length === 0 && <p className={styles.none}>{t('cases:alertsPanel.none')}</p>}
      <ul className={styles.list}>
        {file.alerts.map(({ alert, store_id, employee_id }) => (
          <li key={alert.alert_id} className={styles.item}>
            <Link
              className={styles.alert}
              to={`/alerts/${encodeURIComponent(alert.alert_id)}`}
              data-alert={alert.alert_id}
            >
              <RiskTag risk={alert.risk_score} />
              <span className={styles.sentence}>{serverSentence(alert.sentence)}</span>
              <span className={styles.meta}>
                <StatusTag alert={alert} />
                <span className="num">{formatMoney(alert.exposure)}</span>
                <span>{[store_id, employee_id].filter(Boolean).join(', ')}</span>
                <span>{formatTime(alert.created_at, 'dateTime')}</span>
              </span>
            </Link>
            {work.canEdit && (
              <ActionIcon
                aria-label={t('cases:alertsPanel.remove', { id: alert.alert_id })}
                onClick={() => void work.run({ action: 'remove', alerts: [alert.alert_id] })}
              >
                <X size={14} />
              </ActionIcon>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  )
}
