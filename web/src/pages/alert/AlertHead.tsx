// SPDX-License-Identifier: Apache-2.0
//
// Where the reader is, what can be done with the alert, and what is known about it in one row.
import { ActionIcon, Tooltip } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { ArrowLeft, ChevronDown, ChevronUp } from 'lucide-react'
import { type ReactNode, useEffect } from 'react'
import { Link, useNavigate } from 'react-router-dom'
import type { AlertDetail } from '../../api/client'
import { useCan } from '../../app/session'
import { Person } from '../../components/Person'
import { DueTag, RiskTag, StatusTag } from '../../components/Tags'
import { accountOf, shortToken } from '../../lib/entity'
import { formatCount, formatMoney, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { serverText } from '../../lib/serverText'
import { useKeys } from '../../lib/useKeys'
import { useNow } from '../../lib/useNow'
import { alertTypeLabel } from '../../lib/vocabulary'
import { neighbours, queueMemory, queuePath } from '../queue/memory'
import styles from './AlertPage.module.css'
import { WorkActions } from './WorkActions'

export function Crumbs({ alert }: { alert: AlertDetail }) {
  const can = useCan()
  return (
    <div className={styles.crumbs}>
      <Link to={queuePath()} aria-label={t('alert:back')}>
        <ArrowLeft size={15} style={{ verticalAlign: '-2.5px' }} /> {t('alert:queue')}
      </Link>
      <span>{serverText(alert.title)}</span>
      <span className="num">{alert.alert_id}</span>
      <StatusTag alert={alert} />
      <div className={styles.right}>
        {can('work') && <WorkActions alert={alert} />}
        <Steps alert={alert} />
      </div>
    </div>
  )
}

function Steps({ alert }: { alert: AlertDetail }) {
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
  if (position === undefined) return null
  return (
    <div className={styles.steps}>
      <span className="num">
        {t('alert:position', {
          n: formatCount(position),
          total: formatCount(total ?? position),
        })}
      </span>
      <Tooltip label={t('alert:previousKey')}>
        <ActionIcon
          aria-label={t('alert:previous')}
          disabled={!previous}
          onClick={() => go(previous)}
        >
          <ChevronUp size={16} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={t('alert:nextKey')}>
        <ActionIcon aria-label={t('alert:next')} disabled={!next} onClick={() => go(next)}>
          <ChevronDown size={16} />
        </ActionIcon>
      </Tooltip>
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

const to = (kind: string, id: string) => `/${kind}/${encodeURIComponent(id)}`

export function AlertFacts({ alert }: { alert: AlertDetail }) {
  const now = useNow()
  const account = accountOf(alert)
  const [, second] = alert.entity.id.split('|')
  const approver = alert.entity.kind === 'employee_approver' ? second : undefined
  return (
    <dl className={styles.facts}>
      <Fact name={t('alert:fact.risk')}>
        <RiskTag risk={alert.risk_score} />
      </Fact>
      {alert.challenger_risk !== null && (
        <Fact name={t('alert:fact.challenger')}>
          <RiskTag risk={alert.challenger_risk} />
        </Fact>
      )}
      <Fact name={t('alert:fact.exposure')}>{formatMoney(alert.exposure)}</Fact>
      <Fact name={t('alert:fact.receipts')}>{formatCount(alert.transaction_n)}</Fact>
      {alert.status !== 'CLOSED' && (
        <Fact name={t('alert:fact.due')}>
          <DueTag alert={alert} nowMs={now} />
        </Fact>
      )}
      <Fact name={t('alert:fact.assignee')}>
        <span data-testid="assignee">
          <Person user={alert.assignee} />
        </span>
      </Fact>
      {alert.case_id && (
        <Fact name={t('alert:fact.case')}>
          <Link to={to('cases', alert.case_id)}>{alert.case_id}</Link>
        </Fact>
      )}
      {alert.employee_id && (
        <Fact name={t('alert:fact.employee')}>
          <Link to={to('employees', alert.employee_id)}>{alert.employee_id}</Link>
        </Fact>
      )}
      {approver && (
        <Fact name={t('alert:fact.approver')}>
          <Link to={to('employees', approver)}>{approver}</Link>
        </Fact>
      )}
      {account && (
        <Fact name={t('alert:fact.card')}>
          <Link to={to(alert.entity.kind === 'employee_member' ? 'customers' : 'cards', account)}>
            {shortToken(account)}
          </Link>
        </Fact>
      )}
      <Fact name={t('alert:fact.store')}>
        <Link to={to('stores', alert.store_id)}>{alert.store_id}</Link>
      </Fact>
      {alert.region && <Fact name={t('alert:fact.region')}>{alert.region}</Fact>}
      {alert.register_id && (
        <Fact name={t('alert:fact.register')}>
          <Link to={`${to('stores', alert.store_id)}${to('registers', alert.register_id)}`}>
            {alert.register_id}
          </Link>
        </Fact>
      )}
      <Fact name={t('alert:fact.firstSeen')}>{formatTime(alert.created_at, 'dateTime')}</Fact>
      <Fact name={t('alert:fact.lastActivity')}>{formatTime(alert.updated_at, 'dateTime')}</Fact>
      <Fact name={t('alert:fact.type')}>{alertTypeLabel(alert.type)}</Fact>
    </dl>
  )
}
