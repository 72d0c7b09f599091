// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from 'react-router-dom'
import type { Store } from '../../api/client'
import { storeQuery, summaryQuery } from '../../api/queries'
import { Facts } from '../../components/Facts'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { PeerPanel } from '../../components/PeerPanel'
import { QueryError } from '../../components/States'
import { employeeAddress, registerAddress } from '../../lib/address'
import { formatCount, formatPercent } from '../../lib/format'
import { t } from '../../lib/i18n'
import { useTitle } from '../../lib/useTitle'
import { label } from '../../lib/vocabulary'
import page from '../Page.module.css'
import { PageSkeleton } from '../PageSkeleton'
import { CalendarPanel } from './CalendarPanel'
import { CountsTable } from './CountsTable'
import { EntityHead } from './EntityHead'
import { AlertsPanel } from './Outcomes'
import { WindowsPanel } from './Windows'

export function StorePage() {
  const { storeId = '' } = useParams()
  useTitle(t('entity.store', { id: storeId }))
  const { data, error, refetch } = useQuery(storeQuery(storeId))
  const summary = useQuery(summaryQuery)
  if (error && !data)
    return <QueryError what="store" id={storeId} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton />
  const currency =
    data.alerts[0]?.exposure.currency ?? summary.data?.exposure_open.currency ?? 'USD'
  const id = data.store_id
  const title = t('entity.store', { id })
  return (
    <div className={page.page}>
      <EntityHead
        crumbs={[{ to: '/stores', label: t('pages.stores') }]}
        title={title}
        search={{ store_id: id }}
        alerts={{ store_id: id }}
        caseContents={{ title, subjects: [{ kind: 'STORE', id }] }}
      >
        <Link className="muted" to={`/dashboard?store_id=${encodeURIComponent(id)}`}>
          {t('entities:figures')}
        </Link>
      </EntityHead>
      <Facts
        className={page.facts}
        facts={[
          [t('entities:format'), data.format && label(data.format)],
          [t('entities:employees28'), formatCount(data.employees.length)],
          [t('entities:registers.title'), formatCount(data.registers.length)],
        ]}
      />
      <div className={page.columns}>
        <div className={page.column}>
          <PeerPanel
            title={t('entities:compared.store')}
            measures={data.measures}
            currency={currency}
          />
          <CalendarPanel of={{ kind: 'store', id }} />
          <Employees employees={data.employees} />
        </div>
        <div className={page.column}>
          <AlertsPanel alerts={data.alerts} />
          <WindowsPanel windows={data.windows} />
          <CountsTable
            title={t('entities:registers.title')}
            aside={t('entities:days28')}
            name={t('entities:register')}
            rows={data.registers}
            addressOf={(register) => registerAddress(id, register)}
            empty={t('entities:registers.none')}
          />
        </div>
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
    <Panel title={t('entities:employees.title')} aside={t('entities:days28')} isFlush>
      <div
        className={page.wide}
        tabIndex={0}
        role="group"
        aria-label={t('entities:employees.title')}
      >
        <table className={lists.table}>
          <thead>
            <tr>
              <th scope="col">{t('entities:employee')}</th>
              <th scope="col" className={lists.figure}>
                {t('entities:count.transactions')}
              </th>
              <th scope="col" className={lists.figure}>
                {t('entities:count.refunds')}
              </th>
              <th scope="col" className={lists.figure}>
                {t('entities:count.voids')}
              </th>
              <th scope="col" className={lists.figure}>
                {t('entities:alerts')}
              </th>
            </tr>
          </thead>
          <tbody>
            {sorted.map((employee) => (
              <tr key={employee.employee_id} data-alerted={employee.alerts > 0 || undefined}>
                <td>
                  <Link to={employeeAddress(employee.employee_id)}>{employee.employee_id}</Link>
                </td>
                <td className={lists.figure}>{formatCount(employee.transactions_28d)}</td>
                <td className={lists.figure}>{share(employee.refund_rate)}</td>
                <td className={lists.figure}>{share(employee.void_rate)}</td>
                <td className={lists.figure}>{employee.alerts || '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}
