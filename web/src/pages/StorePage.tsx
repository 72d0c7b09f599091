// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from 'react-router-dom'
import type { Store } from '../api/client'
import { storeQuery, summaryQuery } from '../api/queries'
import { AlertLinks } from '../components/AlertLinks'
import { Facts } from '../components/Facts'
import lists from '../components/Lists.module.css'
import { Panel } from '../components/Panel'
import { PeerPanel } from '../components/PeerPanel'
import { QueryError } from '../components/States'
import { formatCount, formatPercent } from '../lib/format'
import { useTitle } from '../lib/useTitle'
import { label } from '../lib/vocabulary'
import styles from './Page.module.css'
import { PageSkeleton } from './PageSkeleton'

export function StorePage() {
  const { storeId = '' } = useParams()
  useTitle(`Store ${storeId}`)
  const { data, error, refetch } = useQuery(storeQuery(storeId))
  const summary = useQuery(summaryQuery)
  if (error && !data)
    return <QueryError what="store" id={storeId} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton />
  const currency =
    data.alerts[0]?.exposure.currency ?? summary.data?.exposure_open.currency ?? 'USD'
  const openN = data.alerts.filter((alert) => alert.status !== 'CLOSED').length
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>Store {data.store_id}</h1>
      </div>
      <Facts
        className={styles.facts}
        facts={[
          ['Format', data.format && label(data.format)],
          ['Employees, 28 days', formatCount(data.employees.length)],
          ['Open alerts', formatCount(openN)],
          ['All alerts', formatCount(data.alerts.length)],
        ]}
      />
      <div className={styles.columns}>
        <div className={styles.column}>
          <PeerPanel
            title="Compared with the chain and stores of the same format"
            measures={data.measures}
            currency={currency}
          />
          <Employees employees={data.employees} />
        </div>
        <Panel title="Alerts" isFlush>
          <AlertLinks alerts={data.alerts} empty="No alert so far." />
        </Panel>
      </div>
    </div>
  )
}

function Employees({ employees }: Pick<Store, 'employees'>) {
  const sorted = [...employees].sort(
    (a, b) => b.alerts - a.alerts || (b.refund_rate ?? 0) - (a.refund_rate ?? 0),
  )
  const share = (value: number | null) => (value === null ? '–' : formatPercent(value))
  return (
    <Panel title="Employees" aside="28 days" isFlush>
      <table className={lists.table}>
        <thead>
          <tr>
            <th scope="col">Employee</th>
            <th scope="col" className={lists.figure}>
              Transactions
            </th>
            <th scope="col" className={lists.figure}>
              Refunds
            </th>
            <th scope="col" className={lists.figure}>
              Voids
            </th>
            <th scope="col" className={lists.figure}>
              Alerts
            </th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((employee) => (
            <tr key={employee.employee_id} data-alerted={employee.alerts > 0 || undefined}>
              <td>
                <Link to={`/employees/${encodeURIComponent(employee.employee_id)}`}>
                  {employee.employee_id}
                </Link>
              </td>
              <td className={lists.figure}>{formatCount(employee.transactions_28d)}</td>
              <td className={lists.figure}>{share(employee.refund_rate)}</td>
              <td className={lists.figure}>{share(employee.void_rate)}</td>
              <td className={lists.figure}>{employee.alerts || '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}
