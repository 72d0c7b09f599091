// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query'
import type { CSSProperties } from 'react'
import { Link } from 'react-router-dom'
import type { AlertDetail } from '../../api/client'
import { relatedQuery } from '../../api/work'
import { AlertLinks } from '../../components/AlertLinks'
import { Panel } from '../../components/Panel'
import { StatusTag } from '../../components/Tags'
import { accountOf } from '../../lib/entity'
import { asSentence, formatCount, formatMoney, formatPercent, formatRisk } from '../../lib/format'
import { t } from '../../lib/i18n'
import { serverSentence } from '../../lib/serverSentence'
import { serverText } from '../../lib/serverText'
import styles from './AlertPage.module.css'

export function ReasonsPanel({ reasons }: { reasons: AlertDetail['reasons'] }) {
  return (
    <Panel title={t('alert:reasons')}>
      {reasons.map((reason) => (
        <div key={reason.signal} className={styles.reason}>
          <b>{serverText(reason.title)}</b>
          <span className={styles.strength} title={t('alert:strength')}>
            <i style={{ '--share': `${reason.strength * 100}%` } as CSSProperties} />
            {formatRisk(reason.strength)}
          </span>
          <p>{asSentence(serverSentence(reason.sentence))}</p>
        </div>
      ))}
    </Panel>
  )
}

const outcomeKinds = ['confirmed', 'refuted', 'operational', 'inconclusive'] as const

export function OutcomesPanel({ alert }: { alert: AlertDetail }) {
  const { similar, title } = alert
  const decidedN = outcomeKinds.reduce((sum, kind) => sum + similar[kind], 0)
  return (
    <Panel
      title={t('alert:outcomes.title')}
      aside={t('alert:outcomes.open', { n: formatCount(similar.open) })}
    >
      {decidedN === 0 ? (
        <p className={styles.quiet}>{t('alert:outcomes.none', { title })}</p>
      ) : (
        <>
          <div className={styles.rate}>
            {decidedN >= 5
              ? t('alert:outcomes.rateShare', {
                  n: formatCount(similar.confirmed),
                  all: formatCount(decidedN),
                  share: formatPercent(similar.confirmed / decidedN),
                })
              : t('alert:outcomes.rate', {
                  n: formatCount(similar.confirmed),
                  all: formatCount(decidedN),
                })}
          </div>
          <div className={styles.outcome} aria-hidden="true">
            {outcomeKinds.map(
              (kind) =>
                similar[kind] > 0 && (
                  <i key={kind} data-kind={kind} style={{ flex: similar[kind] }} />
                ),
            )}
          </div>
          <ul className={styles.outcomes}>
            {outcomeKinds.map((kind) => (
              <li key={kind}>
                <b>{formatCount(similar[kind])}</b> {t(`alert:outcomes.${kind}`)}
              </li>
            ))}
          </ul>
          <MostAlike alertId={alert.alert_id} />
        </>
      )}
    </Panel>
  )
}

const alikeN = 4

// The decided alerts that look most like this one.
function MostAlike({ alertId }: { alertId: string }) {
  const { data } = useQuery(relatedQuery(alertId))
  if (!data?.similar.length) return null
  return (
    <ul className={styles.alike} aria-label={t('alert:outcomes.alike')}>
      {data.similar.slice(0, alikeN).map(({ alert, store_id, employee_id, likeness }) => (
        <li key={alert.alert_id}>
          <Link to={`/alerts/${encodeURIComponent(alert.alert_id)}`}>
            <StatusTag alert={alert} />
            <span className="num">{formatMoney(alert.exposure)}</span>
            <span>{employee_id ?? store_id}</span>
            <small className="num">
              {t('alert:outcomes.likeness', { share: formatPercent(likeness) })}
            </small>
          </Link>
        </li>
      ))}
    </ul>
  )
}

export function OtherAlertsPanel({ alert }: { alert: AlertDetail }) {
  const { entity_alerts: others } = alert
  const countOf = (kinds: string[]) =>
    formatCount(others.filter((other) => kinds.includes(other.verdict?.verdict ?? '')).length)
  const record = t('alert:others.record', {
    confirmed: countOf(['CONFIRMED']),
    refuted: countOf(['REFUTED', 'OPERATIONAL']),
    open: formatCount(others.filter((other) => other.status !== 'CLOSED').length),
  })
  return (
    <Panel
      title={accountOf(alert) ? t('alert:others.card') : t('alert:others.employee')}
      aside={others.length > 0 ? record : undefined}
      isFlush
    >
      <AlertLinks alerts={others} empty={t('alert:others.none')} />
    </Panel>
  )
}
