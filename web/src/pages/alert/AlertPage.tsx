// SPDX-License-Identifier: Apache-2.0
//
// One alert, ready for a decision: what happened, the receipts, the comparison, the history, and the
// verdict always at hand.
import { Skeleton } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useNavigate, useParams } from 'react-router-dom'
import type { AlertDetail } from '../../api/client'
import { alertQuery, patchAlertInLists } from '../../api/queries'
import { TimelineChart, TrendChart } from '../../charts/lazy'
import { Panel } from '../../components/Panel'
import { PeerPanel } from '../../components/PeerPanel'
import { QueryError } from '../../components/States'
import { formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { serverSentence } from '../../lib/serverSentence'
import { serverText } from '../../lib/serverText'
import { useTitle } from '../../lib/useTitle'
import { AlertFacts, Crumbs } from './AlertHead'
import styles from './AlertPage.module.css'
import { AttributionsPanel } from './AttributionsPanel'
import { DiscussionPanel } from './DiscussionPanel'
import { ElsewherePanel } from './ElsewherePanel'
import { OtherAlertsPanel, OutcomesPanel, ReasonsPanel } from './Panels'
import { ReceiptsPanel } from './ReceiptsPanel'
import { SeasonPanel } from './SeasonPanel'
import { VerdictBar } from './VerdictBar'

export function AlertPage() {
  const { alertId = '' } = useParams()
  const { data, error, refetch } = useQuery(alertQuery(alertId))
  useTitle(data ? serverText(data.title) : alertId)
  useListed(data)
  if (error && !data)
    return <QueryError what="alert" id={alertId} error={error} onRetry={() => void refetch()} />
  if (!data) return <AlertSkeleton />
  return <AlertView key={alertId} alert={data} />
}

// To open an alert may move it on (ASSIGNED becomes IN_REVIEW); its row in the queue follows.
function useListed(alert: AlertDetail | undefined) {
  const client = useQueryClient()
  useEffect(() => {
    if (!alert) return
    const { status, version, first_viewed_at, assignee, snoozed_until, case_id, verdict } = alert
    const fresh = { status, version, first_viewed_at, assignee, snoozed_until, case_id, verdict }
    patchAlertInLists(client, alert.alert_id, (row) => ({ ...row, ...fresh }))
  }, [alert, client])
}

function AlertView({ alert }: { alert: AlertDetail }) {
  const navigate = useNavigate()
  const [pickedId, setPickedId] = useState(alert.transactions[0]?.transaction_id ?? null)
  const currency = alert.exposure.currency
  const isTall = useMediaQuery('(min-height: 70em)', undefined, { getInitialValueInEffect: false })
  // The newest receipt is the first choice; one that arrives later does not push it aside.
  const picked =
    alert.transactions.find((item) => item.transaction_id === pickedId) ?? alert.transactions[0]
  const pick = (transactionId: string) => {
    if (alert.transactions.some((item) => item.transaction_id === transactionId))
      setPickedId(transactionId)
    else navigate(`/transactions/${encodeURIComponent(transactionId)}`)
  }
  return (
    <div className={styles.page}>
      <div className={styles.scroll}>
        <div className={styles.content}>
          <Crumbs alert={alert} />
          <h1 className={styles.sentence} data-testid="sentence">
            {serverSentence(alert.sentence)}
          </h1>
          <AlertFacts alert={alert} />
          {alert.timeline.length > 0 && (
            <Panel
              title={
                alert.register_id
                  ? t('alert:aroundOn', { id: alert.register_id })
                  : t('alert:around')
              }
              aside={<TimelineAside alert={alert} />}
            >
              <TimelineChart
                items={alert.timeline}
                currency={currency}
                selectedId={pickedId}
                height={isTall ? 168 : 108}
                onPick={pick}
              />
            </Panel>
          )}
          <div className={styles.columns}>
            <div className={styles.column}>
              <ReceiptsPanel alert={alert} picked={picked} onPick={setPickedId} />
              <ElsewherePanel alert={alert} height={isTall ? 180 : 132} />
            </div>
            <div className={styles.column}>
              <PeerPanel
                title={t('alert:compared')}
                measures={alert.peers}
                currency={currency}
                shownN={isTall ? 12 : 7}
              />
              {alert.trend && (
                <Panel title={serverText(alert.trend.title)} aside={t('alert:trendAside')}>
                  <TrendChart trend={alert.trend} currency={currency} height={isTall ? 180 : 112} />
                </Panel>
              )}
              <SeasonPanel alert={alert} />
            </div>
            <div className={`${styles.column} ${styles.last}`}>
              <div className={styles.column}>
                <ReasonsPanel reasons={alert.reasons} />
                <OutcomesPanel alert={alert} />
                {alert.attributions && (
                  <AttributionsPanel
                    attributions={alert.attributions}
                    time={
                      alert.transactions.find(
                        (item) => item.transaction_id === alert.attributions?.transaction_id,
                      )?.time
                    }
                    currency={currency}
                  />
                )}
              </div>
              <div className={styles.column}>
                <DiscussionPanel alert={alert} />
                <OtherAlertsPanel alert={alert} />
              </div>
            </div>
          </div>
        </div>
      </div>
      <VerdictBar alert={alert} />
    </div>
  )
}

function TimelineAside({ alert }: { alert: AlertDetail }) {
  const first = alert.timeline[0]
  const last = alert.timeline.at(-1)
  if (!first || !last) return null
  return (
    <span className={styles.legend}>
      <b>
        <i data-kind="sale" /> {t('alert:legendSale')}
      </b>
      <b>
        <i data-kind="back" /> {t('alert:legendBack')}
      </b>
      <b>
        <i data-kind="alerted" /> {t('alert:legendAlerted')}
      </b>
      <span className="num">
        {t('alert:span', {
          day: formatTime(first.time, 'day'),
          from: formatTime(first.time, 'time'),
          to: formatTime(last.time, 'time'),
        })}
      </span>
    </span>
  )
}

function AlertSkeleton() {
  return (
    <div className={styles.content} role="status" aria-busy="true" aria-label={t('alert:loading')}>
      <Skeleton height={14} width={220} />
      <Skeleton height={24} width="70%" />
      <Skeleton height={36} width="55%" />
      <Skeleton height={170} />
      <div className={styles.columns}>
        <Skeleton height={380} />
        <Skeleton height={380} />
        <Skeleton height={380} />
      </div>
    </div>
  )
}
