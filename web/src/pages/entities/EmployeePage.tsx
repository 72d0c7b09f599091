// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query'
import { useParams } from 'react-router-dom'
import type { Employee } from '../../api/client'
import { employeeQuery, summaryQuery } from '../../api/queries'
import { BriefTable } from '../../components/BriefTable'
import { Facts } from '../../components/Facts'
import { Panel } from '../../components/Panel'
import { PeerPanel } from '../../components/PeerPanel'
import { QueryError } from '../../components/States'
import { cardAddress, registerAddress, storeAddress } from '../../lib/address'
import { shortToken } from '../../lib/entity'
import { formatMoment, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { useTitle } from '../../lib/useTitle'
import { label } from '../../lib/vocabulary'
import page from '../Page.module.css'
import { PageSkeleton } from '../PageSkeleton'
import { CalendarPanel } from './CalendarPanel'
import { CountsTable } from './CountsTable'
import { EntityHead } from './EntityHead'
import { StoreLinks } from './Links'
import { AlertsPanel } from './Outcomes'
import { WindowsPanel } from './Windows'

export function EmployeePage() {
  const { employeeId = '' } = useParams()
  useTitle(t('entity.employee', { id: employeeId }))
  const { data, error, refetch } = useQuery(employeeQuery(employeeId))
  if (error && !data)
    return (
      <QueryError what="employee" id={employeeId} error={error} onRetry={() => void refetch()} />
    )
  return data ? <EmployeeView employee={data} /> : <PageSkeleton />
}

function EmployeeView({ employee }: { employee: Employee }) {
  const summary = useQuery(summaryQuery)
  const currency =
    employee.recent[0]?.total.currency ?? summary.data?.exposure_open.currency ?? 'USD'
  const id = employee.employee_id
  const title = t('entity.employee', { id })
  const [store = ''] = employee.stores
  return (
    <div className={page.page}>
      <EntityHead
        crumbs={[
          { to: '/stores', label: t('pages.stores') },
          ...(store ? [{ to: storeAddress(store), label: t('entity.store', { id: store }) }] : []),
        ]}
        title={title}
        search={{ employee_id: id }}
        alerts={{ employee_id: id }}
        caseContents={{
          title,
          subjects: [{ kind: 'EMPLOYEE', id }],
          alerts: employee.alerts
            .filter((alert) => alert.status !== 'CLOSED' && alert.case_id === null)
            .map((alert) => alert.alert_id),
        }}
      />
      <Facts
        className={page.facts}
        facts={[
          [t('entities:role'), employee.role && label(employee.role)],
          [
            t('entities:stores', { count: employee.stores.length }),
            employee.stores.length > 0 && <StoreLinks stores={employee.stores} />,
          ],
          [t('entities:firstSeen'), formatTime(employee.first_seen, 'date')],
          [t('entities:lastSeen'), formatMoment(employee.last_seen)],
        ]}
      />
      <div className={page.columns}>
        <div className={page.column}>
          <PeerPanel
            title={t('entities:compared.employee')}
            measures={employee.measures}
            currency={currency}
          />
          <CalendarPanel of={{ kind: 'employee', id }} />
          <Panel title={t('briefs.label')} isFlush>
            <BriefTable items={employee.recent} />
          </Panel>
        </div>
        <div className={page.column}>
          <AlertsPanel alerts={employee.alerts} />
          <WindowsPanel windows={employee.windows} />
          <CountsTable
            title={t('entities:registers.title')}
            aside={t('entities:days28')}
            name={t('entities:register')}
            rows={employee.registers.map((row) => ({ ...row, id: `${row.store_id}/${row.id}` }))}
            addressOf={(id) => registerAddress(...storeAndRegister(id))}
            empty={t('entities:registers.none')}
          />
          <CountsTable
            title={t('entities:cards.title')}
            aside={t('entities:cards.aside')}
            name={t('entities:card')}
            rows={employee.cards}
            addressOf={cardAddress}
            shown={shortToken}
            empty={t('entities:cards.none')}
          />
        </div>
      </div>
    </div>
  )
}

// Registers of several stores may have the same id, so that rows carry "S-003/2".
function storeAndRegister(id: string): [string, string] {
  const cut = id.lastIndexOf('/')
  return [id.slice(0, cut), id.slice(cut + 1)]
}
