// SPDX-License-Identifier: Apache-2.0
import { Switch } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useParams } from 'react-router-dom'
import type { TransactionDetail } from '../api/client'
import { transactionQuery } from '../api/queries'
import { Facts } from '../components/Facts'
import lists from '../components/Lists.module.css'
import { Panel } from '../components/Panel'
import { Receipt } from '../components/Receipt'
import { QueryError } from '../components/States'
import { Help, RiskTag } from '../components/Tags'
import { formatPercentile, formatRisk, formatTime, formatValue } from '../lib/format'
import { useTitle } from '../lib/useTitle'
import styles from './Page.module.css'
import { PageSkeleton } from './PageSkeleton'

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

function TransactionBody({ transaction: t }: { transaction: TransactionDetail }) {
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>Transaction {t.transaction_id}</h1>
      </div>
      <Facts
        className={styles.facts}
        facts={[
          ['Risk', <RiskTag risk={t.risk_score} />],
          ['More unusual than', t.outlier === null ? null : formatPercentile(t.outlier)],
          [
            'Alert',
            t.alert_id && (
              <Link to={`/alerts/${encodeURIComponent(t.alert_id)}`}>{t.alert_id}</Link>
            ),
          ],
          ['Time', formatTime(t.time, 'dateTime')],
          ['Business date', formatTime(t.business_date, 'date')],
          ['Store', <Link to={`/stores/${encodeURIComponent(t.store_id)}`}>{t.store_id}</Link>],
          ['Register', t.register_id],
          [
            'Employee',
            <Link to={`/employees/${encodeURIComponent(t.employee_id)}`}>{t.employee_id}</Link>,
          ],
          ['Customer', t.customer_id],
        ]}
      />
      <div className={styles.columns}>
        <div className={styles.column}>
          <Panel title="Receipt">
            <Receipt transaction={t} />
          </Panel>
          <SignalsPanel signals={t.signals} />
        </div>
        <FeaturesPanel features={t.features} currency={t.total.currency} />
      </div>
    </div>
  )
}

function SignalsPanel({ signals }: Pick<TransactionDetail, 'signals'>) {
  return (
    <Panel title="Signals" isFlush>
      {signals.length === 0 ? (
        <p className={lists.empty}>No signal fired.</p>
      ) : (
        <table className={lists.table}>
          <tbody>
            {signals.map((signal) => (
              <tr key={signal.name}>
                <td>
                  <b>{signal.title}</b>
                  <br />
                  <span className="muted">{signal.sentence}</span>
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
      title="Features at that moment"
      aside={
        <Switch
          size="xs"
          label={`All ${features.length}`}
          checked={isAll}
          onChange={(event) => setAll(event.currentTarget.checked)}
        />
      }
      isFlush
    >
      <table className={lists.table}>
        <thead>
          <tr>
            <th scope="col">Feature</th>
            <th scope="col" className={lists.figure}>
              Value
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((feature) => (
            <tr key={feature.name}>
              <td>
                <Help text={feature.help}>{feature.title}</Help>
              </td>
              <td className={lists.figure}>{formatValue(feature.value, feature.unit, currency)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}
