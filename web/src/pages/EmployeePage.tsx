// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from 'react-router-dom'
import type { Employee } from '../api/client'
import { employeeQuery, summaryQuery } from '../api/queries'
import { AlertLinks } from '../components/AlertLinks'
import { BriefTable } from '../components/BriefTable'
import { Facts } from '../components/Facts'
import { Panel } from '../components/Panel'
import { PeerPanel } from '../components/PeerPanel'
import { QueryError } from '../components/States'
import { formatCount, formatTime } from '../lib/format'
import { useTitle } from '../lib/useTitle'
import { label } from '../lib/vocabulary'
import styles from './Page.module.css'
import { PageSkeleton } from './PageSkeleton'

export function EmployeePage() {
  const { employeeId = '' } = useParams()
  useTitle(`Employee ${employeeId}`)
  const { data, error, refetch } = useQuery(employeeQuery(employeeId))
  if (error && !data)
    return (
      <QueryError what="employee" id={employeeId} error={error} onRetry={() => void refetch()} />
    )
  return data ? <EmployeeView employee={data} /> : <PageSkeleton />
}

function StoreLinks({ stores }: { stores: string[] }) {
  return (
    <>
      {stores.map((store) => (
        <Link key={store} to={`/stores/${encodeURIComponent(store)}`}>
          {store}
        </Link>
      ))}
    </>
  )
}

function EmployeeView({ employee }: { employee: Employee }) {
  const summary = useQuery(summaryQuery)
  const currency =
    employee.recent[0]?.total.currency ?? summary.data?.exposure_open.currency ?? 'USD'
  const openN = employee.alerts.filter((alert) => alert.status !== 'CLOSED').length
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>Employee {employee.employee_id}</h1>
      </div>
      <Facts
        className={styles.facts}
        facts={[
          ['Role', employee.role && label(employee.role)],
          [
            employee.stores.length === 1 ? 'Store' : 'Stores',
            employee.stores.length > 0 && <StoreLinks stores={employee.stores} />,
          ],
          ['Open alerts', formatCount(openN)],
          ['All alerts', formatCount(employee.alerts.length)],
          ['First seen', formatTime(employee.first_seen, 'date')],
          ['Last seen', formatTime(employee.last_seen, 'dateTime')],
        ]}
      />
      <div className={styles.columns}>
        <div className={styles.column}>
          <PeerPanel
            title="Compared with own normal, store and peers"
            measures={employee.measures}
            currency={currency}
          />
          <Panel title="Recent transactions" isFlush>
            <BriefTable items={employee.recent} />
          </Panel>
        </div>
        <Panel title="Alerts" isFlush>
          <AlertLinks alerts={employee.alerts} empty="No alert so far." />
        </Panel>
      </div>
    </div>
  )
}
