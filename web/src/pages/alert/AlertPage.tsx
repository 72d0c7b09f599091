// SPDX-License-Identifier: Apache-2.0
//
// One alert, ready for a decision: what happened, the receipts, the comparison, the history, and the
// verdict always at hand.
import { ActionIcon, Skeleton, Tooltip } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { ArrowLeft, ChevronDown, ChevronUp } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { Link, useNavigate, useParams } from 'react-router-dom'
import type { AlertDetail } from '../../api/client'
import { alertQuery } from '../../api/queries'
import { TimelineChart, TrendChart } from '../../charts/lazy'
import { AlertLinks } from '../../components/AlertLinks'
import { Panel } from '../../components/Panel'
import { PeerPanel } from '../../components/PeerPanel'
import { QueryError } from '../../components/States'
import { RiskTag, StatusTag } from '../../components/Tags'
import { accountOf, shortToken } from '../../lib/entity'
import { formatCount, formatMoney, formatTime } from '../../lib/format'
import { useKeys } from '../../lib/useKeys'
import { useTitle } from '../../lib/useTitle'
import { alertTypeLabel } from '../../lib/vocabulary'
import { neighbours, queueMemory, queuePath } from '../queue/memory'
import styles from './AlertPage.module.css'
import { AttributionsPanel } from './AttributionsPanel'
import { OutcomesPanel, ReasonsPanel } from './Panels'
import { ReceiptsPanel } from './ReceiptsPanel'
import { VerdictBar } from './VerdictBar'

export function AlertPage() {
  const { alertId = '' } = useParams()
  const { data, error, refetch } = useQuery(alertQuery(alertId))
  useTitle(data ? data.title : alertId)
  if (error && !data)
    return <QueryError what="alert" id={alertId} error={error} onRetry={() => void refetch()} />
  if (!data) return <AlertSkeleton />
  return <AlertView key={alertId} alert={data} />
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
            {alert.sentence}
          </h1>
          <Facts alert={alert} />
          {alert.timeline.length > 0 && (
            <Panel
              title={`What happened around it${alert.register_id ? ` on register ${alert.register_id}` : ''}`}
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
            <ReceiptsPanel alert={alert} picked={picked} onPick={setPickedId} />
            <div className={styles.column}>
              <PeerPanel
                title="Compared with own normal, store and peers"
                measures={alert.peers}
                currency={currency}
                shownN={isTall ? 12 : 7}
              />
              {alert.trend && (
                <Panel title={alert.trend.title} aside="28 days; dashed: store median">
                  <TrendChart trend={alert.trend} currency={currency} height={isTall ? 180 : 112} />
                </Panel>
              )}
            </div>
            <div className={`${styles.column} ${styles.last}`}>
              <div className={styles.column}>
                <ReasonsPanel reasons={alert.reasons} />
                <OutcomesPanel similar={alert.similar} title={alert.title} />
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
              <Panel
                title={
                  accountOf(alert)
                    ? 'Other alerts of this card or employee'
                    : 'Other alerts of this employee'
                }
                isFlush
              >
                <AlertLinks alerts={alert.entity_alerts} empty="None so far." />
              </Panel>
            </div>
          </div>
        </div>
      </div>
      <VerdictBar alert={alert} />
    </div>
  )
}

function Crumbs({ alert }: { alert: AlertDetail }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { previous, next, position, total } = neighbours(client, alert.alert_id)
  const go = (alertId: string | undefined) => {
    if (!alertId) return
    queueMemory.selectedId = alertId
    navigate(`/alerts/${encodeURIComponent(alertId)}`, { replace: true })
  }
  useEffect(() => {
    if (position !== undefined) queueMemory.selectedId = alert.alert_id
  }, [alert.alert_id, position])
  useKeys({ j: () => go(next), k: () => go(previous), u: () => navigate(queuePath()) })
  return (
    <div className={styles.crumbs}>
      <Link to={queuePath()} aria-label="Back to the queue">
        <ArrowLeft size={15} style={{ verticalAlign: '-2.5px' }} /> Queue
      </Link>
      <span>{alert.title}</span>
      <StatusTag alert={alert} />
      {position !== undefined && (
        <div className={styles.steps}>
          <span className="num">
            {formatCount(position)} of {formatCount(total ?? position)}
          </span>
          <Tooltip label="Previous alert (k)">
            <ActionIcon
              aria-label="Previous alert"
              disabled={!previous}
              onClick={() => go(previous)}
            >
              <ChevronUp size={16} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label="Next alert (j)">
            <ActionIcon aria-label="Next alert" disabled={!next} onClick={() => go(next)}>
              <ChevronDown size={16} />
            </ActionIcon>
          </Tooltip>
        </div>
      )}
    </div>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Facts({ alert }: { alert: AlertDetail }) {
  const account = accountOf(alert)
  const approver =
    alert.entity.kind === 'employee_approver' ? alert.entity.id.split('|')[1] : undefined
  return (
    <dl className={styles.facts}>
      <Fact name="Risk">
        <RiskTag risk={alert.risk_score} />
      </Fact>
      {alert.challenger_risk !== null && (
        <Fact name="Challenger">
          <RiskTag risk={alert.challenger_risk} />
        </Fact>
      )}
      <Fact name="Exposure">{formatMoney(alert.exposure)}</Fact>
      <Fact name="Receipts">{formatCount(alert.transaction_n)}</Fact>
      {alert.employee_id && (
        <Fact name="Employee">
          <Link to={`/employees/${encodeURIComponent(alert.employee_id)}`}>
            {alert.employee_id}
          </Link>
        </Fact>
      )}
      {approver && (
        <Fact name="Approver">
          <Link to={`/employees/${encodeURIComponent(approver)}`}>{approver}</Link>
        </Fact>
      )}
      {account && <Fact name="Card">{shortToken(account)}</Fact>}
      <Fact name="Store">
        <Link to={`/stores/${encodeURIComponent(alert.store_id)}`}>{alert.store_id}</Link>
      </Fact>
      {alert.register_id && <Fact name="Register">{alert.register_id}</Fact>}
      <Fact name="First seen">{formatTime(alert.created_at, 'dateTime')}</Fact>
      <Fact name="Last activity">{formatTime(alert.updated_at, 'dateTime')}</Fact>
      <Fact name="Type">{alertTypeLabel(alert.type)}</Fact>
      <Fact name="Alert">{alert.alert_id}</Fact>
    </dl>
  )
}

function TimelineAside({ alert }: { alert: AlertDetail }) {
  const first = alert.timeline[0]
  const last = alert.timeline.at(-1)
  if (!first || !last) return null
  return (
    <span className={styles.legend}>
      <b>
        <i data-kind="sale" /> sale
      </b>
      <b>
        <i data-kind="back" /> refund or void
      </b>
      <b>
        <i data-kind="alerted" /> this alert
      </b>
      <span className="num">
        {formatTime(first.time, 'day')}, {formatTime(first.time, 'time')} to{' '}
        {formatTime(last.time, 'time')}
      </span>
    </span>
  )
}

function AlertSkeleton() {
  return (
    <div className={styles.content} role="status" aria-busy="true" aria-label="Loading the alert">
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
