// SPDX-License-Identifier: Apache-2.0
//
// A card or a customer across the stores: what was paid, what came back, and who served them.
import { useQuery } from '@tanstack/react-query'
import { useParams } from 'react-router-dom'
import { type Account, cardQuery, customerQuery } from '../../api/insight'
import { Facts } from '../../components/Facts'
import { Panel } from '../../components/Panel'
import { QueryError } from '../../components/States'
import { employeeAddress, storeAddress } from '../../lib/address'
import { shortToken } from '../../lib/entity'
import { formatCount, formatMoney, formatPercent } from '../../lib/format'
import { t } from '../../lib/i18n'
import { useTitle } from '../../lib/useTitle'
import page from '../Page.module.css'
import { PageSkeleton } from '../PageSkeleton'
import { CountsTable } from './CountsTable'
import { EntityHead } from './EntityHead'
import { HitsTable } from './HitsTable'
import { AlertsPanel } from './Outcomes'
import { WindowsPanel } from './Windows'

type Kind = 'card' | 'customer'

export function CardPage() {
  const { token = '' } = useParams()
  useTitle(t('entity.card', { id: shortToken(token) }))
  const { data, error, refetch } = useQuery(cardQuery(token))
  if (error && !data)
    return <QueryError what="card" id={token} error={error} onRetry={() => void refetch()} />
  return data ? <AccountView account={data} kind="card" /> : <PageSkeleton />
}

export function CustomerPage() {
  const { customerId = '' } = useParams()
  useTitle(t('entities:customerTitle', { id: customerId }))
  const { data, error, refetch } = useQuery(customerQuery(customerId))
  if (error && !data)
    return (
      <QueryError what="customer" id={customerId} error={error} onRetry={() => void refetch()} />
    )
  return data ? <AccountView account={data} kind="customer" /> : <PageSkeleton />
}

function AccountView({ account, kind }: { account: Account; kind: Kind }) {
  const { id } = account
  const title =
    kind === 'card' ? t('entity.card', { id: shortToken(id) }) : t('entities:customerTitle', { id })
  const field = kind === 'card' ? 'account_token' : 'customer_id'
  return (
    <div className={page.page}>
      <EntityHead
        crumbs={[]}
        title={title}
        search={{ [field]: id }}
        alerts={{ q: id }}
        caseContents={{
          title,
          subjects: [{ kind: kind === 'card' ? 'CARD' : 'CUSTOMER', id }],
        }}
      />
      <Balance account={account} />
      <div className={page.columns}>
        <div className={page.column}>
          <CountsTable
            title={t('entities:stores_other')}
            aside={t('entities:days92')}
            name={t('entities:store')}
            rows={account.stores}
            addressOf={storeAddress}
            empty={t('entities:noTransactions')}
          />
          <CountsTable
            title={t('entities:served')}
            aside={t('entities:days92')}
            name={t('entities:employee')}
            rows={account.employees}
            addressOf={employeeAddress}
            empty={t('entities:noTransactions')}
          />
          <Panel title={t('briefs.label')} isFlush>
            <HitsTable
              hits={account.recent}
              name={t('briefs.label')}
              empty={t('entities:noTransactions')}
            />
          </Panel>
        </div>
        <div className={page.column}>
          <AlertsPanel alerts={account.alerts} />
          <WindowsPanel windows={account.windows} />
        </div>
      </div>
    </div>
  )
}

// What was paid and what came back in the longest window, and where it is used.
function Balance({ account }: { account: Account }) {
  const window = account.windows.at(-1)
  if (!window) return null
  const paid = Number(window.sales_amount.amount)
  const back = Number(window.refund_amount.amount)
  const { currency } = window.sales_amount
  return (
    <Facts
      className={page.facts}
      facts={[
        [t('entities:paid', { n: window.days }), formatMoney(window.sales_amount)],
        [t('entities:gotBack', { n: window.days }), formatMoney(window.refund_amount)],
        [
          t('entities:net'),
          <span data-negative={paid < back || undefined}>
            {formatMoney({ amount: (paid - back).toFixed(2), currency })}
          </span>,
        ],
        [
          t('entities:refundShare'),
          window.transactions > 0 ? formatPercent(window.refunds / window.transactions) : null,
        ],
        [t('entities:stores_other'), formatCount(account.stores.length)],
        [t('entities:employees.title'), formatCount(account.employees.length)],
      ]}
    />
  )
}
