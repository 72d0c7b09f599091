// SPDX-License-Identifier: Apache-2.0
//
// What became of the alerts about somebody, as one line above their list.
import type { Alert } from '../../api/client'
import { AlertLinks } from '../../components/AlertLinks'
import { Panel } from '../../components/Panel'
import { formatCount } from '../../lib/format'
import { t } from '../../lib/i18n'
import { verdictLabel, verdictOrder } from '../../lib/vocabulary'
import styles from './Entities.module.css'

export function AlertsPanel({ alerts }: { alerts: Alert[] }) {
  const openN = alerts.filter((alert) => alert.status !== 'CLOSED').length
  const counts = verdictOrder
    .map((kind) => ({ kind, n: alerts.filter((alert) => alert.verdict?.verdict === kind).length }))
    .filter(({ n }) => n > 0)
  return (
    <Panel title={t('entities:alerts')} aside={formatCount(alerts.length)} isFlush>
      {alerts.length > 0 && (
        <p className={styles.outcomes}>
          {openN > 0 && (
            <span>
              <b>{formatCount(openN)}</b> {t('entities:open')}
            </span>
          )}
          {counts.map(({ kind, n }) => (
            <span key={kind} data-kind={kind}>
              <b>{formatCount(n)}</b> {verdictLabel(kind)}
            </span>
          ))}
        </p>
      )}
      <AlertLinks alerts={alerts} empty={t('entities:noAlert')} />
    </Panel>
  )
}
