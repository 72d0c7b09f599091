// SPDX-License-Identifier: Apache-2.0
import { Switch } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useParams } from 'react-router-dom'
import type { TransactionDetail } from '../../api/client'
import { transactionQuery } from '../../api/queries'
import { Facts } from '../../components/Facts'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { Receipt } from '../../components/Receipt'
import { QueryError } from '../../components/States'
import { Help, RiskTag } from '../../components/Tags'
import { formatPercentile, formatRisk, formatTime, formatValue } from '../../lib/format'
import {
  alertAddress,
  customerAddress,
  employeeAddress,
  registerAddress,
  storeAddress,
} from '../../lib/address'
import { t } from '../../lib/i18n'
import { serverSentence } from '../../lib/serverSentence'
import { serverText } from '../../lib/serverText'
import { useTitle } from '../../lib/useTitle'
import page from '../Page.module.css'
import { PageSkeleton } from '../PageSkeleton'
import { EntityHead } from './EntityHead'

export function TransactionPage() {
  const { transactionId = '' } = useParams()
  useTitle(transactionId)
  const { data, error, refetch } = useQuery(transactionQuery(transactionId))
  if (error && !data)
    return (
      <QueryError
        what="transaction"
        id={transactionId}
        error={error}
        onRetry={() => void refetch()}
      />
    )
  return data ? <TransactionBody transaction={data} /> : <PageSkeleton />
}

function TransactionBody({ transaction: tx }: { transaction: TransactionDetail }) {
  const title = t('entity.transaction', { id: tx.transaction_id })
  return (
    <div className={page.page}>
      <EntityHead
        crumbs={[
          { to: '/stores', label: t('pages.stores') },
          { to: storeAddress(tx.store_id), label: t('entity.store', { id: tx.store_id }) },
          {
            to: `${registerAddress(tx.store_id, tx.register_id)}?date=${tx.business_date}`,
            label: t('entity.register', { id: tx.register_id }),
          },
        ]}
        title={title}
        caseContents={{
          title,
          transactions: [tx.transaction_id],
          subjects: [{ kind: 'EMPLOYEE', id: tx.employee_id }],
        }}
      />
      <Facts
        className={page.facts}
        facts={[
          [t('risk'), <RiskTag risk={tx.risk_score} />],
          [t('entities:moreUnusual'), tx.outlier === null ? null : formatPercentile(tx.outlier)],
          [
            t('entities:alert'),
            tx.alert_id && <Link to={alertAddress(tx.alert_id)}>{tx.alert_id}</Link>,
          ],
          [t('briefs.time'), formatTime(tx.time, 'dateTime')],
          [t('entities:businessDate'), formatTime(tx.business_date, 'date')],
          [
            t('entities:employee'),
            <Link to={employeeAddress(tx.employee_id)}>{tx.employee_id}</Link>,
          ],
          [
            t('entities:customer'),
            tx.customer_id && <Link to={customerAddress(tx.customer_id)}>{tx.customer_id}</Link>,
          ],
        ]}
      />
      <div className={page.columns}>
        <div className={page.column}>
          <Panel title={t('entities:receipt')}>
            <Receipt transaction={tx} />
          </Panel>
          <SignalsPanel signals={tx.signals} />
        </div>
        <FeaturesPanel features={tx.features} currency={tx.total.currency} />
      </div>
    </div>
  )
}

function SignalsPanel({ signals }: Pick<TransactionDetail, 'signals'>) {
  return (
    <Panel title={t('entities:signals.title')} isFlush>
      {signals.length === 0 ? (
        <p className={lists.empty}>{t('entities:signals.none')}</p>
      ) : (
        <table className={lists.table}>
          <tbody>
            {signals.map((signal) => (
              <tr key={signal.name}>
                <td>
                  <b>{serverText(signal.title)}</b>
                  <br />
                  <span className="muted">{serverSentence(signal.sentence)}</span>
                </td>
                <td className={lists.figure}>{formatRisk(signal.strength)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}

// Most features of most transactions are zero or without meaning; those are shown on request.
function FeaturesPanel({
  features,
  currency,
}: {
  features: TransactionDetail['features']
  currency: string
}) {
  const [isAll, setAll] = useState(false)
  const shown = isAll
    ? features
    : features.filter((feature) => feature.value !== null && feature.value !== 0)
  return (
    <Panel
      title={t('entities:features.title')}
      aside={
        <Switch
          size="xs"
          label={t('entities:features.all', { n: features.length })}
          checked={isAll}
          onChange={(event) => setAll(event.currentTarget.checked)}
        />
      }
      isFlush
    >
      <table className={lists.table}>
        <thead>
          <tr>
            <th scope="col">{t('entities:features.feature')}</th>
            <th scope="col" className={lists.figure}>
              {t('entities:features.value')}
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((feature) => (
            <tr key={feature.name}>
              <td>
                <Help text={serverText(feature.help)}>{serverText(feature.title)}</Help>
              </td>
              <td className={lists.figure}>{formatValue(feature.value, feature.unit, currency)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}
