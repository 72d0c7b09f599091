// SPDX-License-Identifier: Apache-2.0
//
// A receipt beside the list that led to it.
import { Drawer, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router-dom'
import type { TransactionDetail } from '../../api/client'
import { transactionQuery } from '../../api/queries'
import { Facts } from '../../components/Facts'
import { Receipt } from '../../components/Receipt'
import { RiskTag } from '../../components/Tags'
import {
  alertAddress,
  employeeAddress,
  registerAddress,
  storeAddress,
  transactionAddress,
} from '../../lib/address'
import { asSentence } from '../../lib/format'
import { t } from '../../lib/i18n'
import { serverSentence } from '../../lib/serverSentence'
import page from '../Page.module.css'
import styles from './Search.module.css'

export function ReceiptDrawer({ id, onClose }: { id: string | null; onClose: () => void }) {
  return (
    <Drawer
      opened={id !== null}
      onClose={onClose}
      position="right"
      size={520}
      title={t('search:receipt')}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      {id !== null && <Content id={id} />}
    </Drawer>
  )
}

function Content({ id }: { id: string }) {
  const { data, error } = useQuery(transactionQuery(id))
  if (error && !data) return <p role="alert">{asSentence(error.message)}</p>
  return data ? <Body transaction={data} /> : <Skeleton height={320} />
}

function Body({ transaction: tx }: { transaction: TransactionDetail }) {
  return (
    <div className={styles.drawer}>
      <Facts
        className={page.facts}
        facts={[
          [t('risk'), <RiskTag risk={tx.risk_score} />],
          [
            t('search:column.alert'),
            tx.alert_id && <Link to={alertAddress(tx.alert_id)}>{tx.alert_id}</Link>,
          ],
          [t('search:column.store'), <Link to={storeAddress(tx.store_id)}>{tx.store_id}</Link>],
          [
            t('search:column.register'),
            <Link to={registerAddress(tx.store_id, tx.register_id)}>{tx.register_id}</Link>,
          ],
          [
            t('search:column.employee'),
            <Link to={employeeAddress(tx.employee_id)}>{tx.employee_id}</Link>,
          ],
        ]}
      />
      <Receipt transaction={tx} />
      {tx.signals.length > 0 && (
        <ul className={styles.reasons}>
          {tx.signals.map((signal) => (
            <li key={signal.name}>{asSentence(serverSentence(signal.sentence))}</li>
          ))}
        </ul>
      )}
      <Link to={transactionAddress(tx.transaction_id)}>{t('search:wholePage')}</Link>
    </div>
  )
}
