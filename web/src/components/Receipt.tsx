// SPDX-License-Identifier: Apache-2.0
//
// A receipt as the customer would have got it, with what the signals point at marked and explained.
import { Link } from 'react-router-dom'
import type { Line, TransactionView } from '../api/client'
import { cardAddress, itemAddress } from '../lib/address'
import { shortToken } from '../lib/entity'
import { formatCount, formatMoney, formatTime } from '../lib/format'
import { t } from '../lib/i18n'
import { serverSentence } from '../lib/serverSentence'
import { serverText } from '../lib/serverText'
import { label } from '../lib/vocabulary'
import styles from './Receipt.module.css'

export function Receipt({ transaction }: { transaction: TransactionView }) {
  const { lines } = transaction
  return (
    <div data-testid="receipt">
      {transaction.why && (
        <p className={styles.why}>{serverText(serverSentence(transaction.why))}</p>
      )}
      <ReceiptHead transaction={transaction} />
      {lines.length > 0 && (
        <table className={styles.lines}>
          <thead>
            <tr>
              <th scope="col">{t('receipt.item')}</th>
              <th scope="col" className={styles.figure}>
                {t('receipt.quantity')}
              </th>
              <th scope="col" className={styles.figure}>
                {t('receipt.price')}
              </th>
              <th scope="col" className={styles.figure}>
                {t('receipt.amount')}
              </th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line, index) => (
              <ReceiptLine key={index} line={line} />
            ))}
          </tbody>
        </table>
      )}
      <ReceiptSum transaction={transaction} />
    </div>
  )
}

function ReceiptHead({ transaction }: { transaction: TransactionView }) {
  const sale = transaction
  return (
    <div className={styles.head}>
      <b>{label(sale.type)}</b>
      <span className="num">{formatTime(sale.time, 'seconds')}</span>
      <Link to={`/transactions/${encodeURIComponent(sale.transaction_id)}`}>
        {sale.transaction_id}
      </Link>
      {sale.override_employee_id && (
        <span>
          {t('receipt.approvedBy')}{' '}
          <Link to={`/employees/${encodeURIComponent(sale.override_employee_id)}`}>
            {sale.override_employee_id}
          </Link>
        </span>
      )}
      {sale.original_transaction_id && (
        <span>
          {t('receipt.of')}{' '}
          <Link to={`/transactions/${encodeURIComponent(sale.original_transaction_id)}`}>
            {sale.original_transaction_id}
          </Link>
        </span>
      )}
      {sale.void_of_transaction_id && (
        <span>
          {t('receipt.voids')}{' '}
          <Link to={`/transactions/${encodeURIComponent(sale.void_of_transaction_id)}`}>
            {sale.void_of_transaction_id}
          </Link>
        </span>
      )}
    </div>
  )
}

function lineAmount(line: Line): string {
  const amount = line.quantity * Number(line.unit_price.amount)
  return formatMoney({ amount: amount.toFixed(2), currency: line.unit_price.currency })
}

function lineNotes(line: Line): string {
  const notes: string[] = []
  if (line.department) notes.push(line.department)
  if (line.void_flag) notes.push(t('receipt.voided'))
  if (line.return_flag) notes.push(t('receipt.returned'))
  if (line.entry_method === 'keyed' || line.entry_method === 'manual')
    notes.push(t('receipt.keyed'))
  if (Number(line.discount.amount) !== 0) {
    const reason = line.discount_reason ? `, ${line.discount_reason}` : ''
    notes.push(t('receipt.discountNote', { amount: formatMoney(line.discount) }) + reason)
  } else if (line.regular_price.amount !== line.unit_price.amount) {
    notes.push(t('receipt.regularNote', { amount: formatMoney(line.regular_price) }))
  }
  return notes.join(' · ')
}

function ReceiptLine({ line }: { line: Line }) {
  return (
    <tr data-guilty={line.guilty || undefined} data-void={line.void_flag || undefined}>
      <td>
        {line.sku && (
          <Link className={styles.sku} to={itemAddress(line.sku)}>
            {line.sku}
          </Link>
        )}
        <span className={styles.note}>{lineNotes(line)}</span>
        {line.why && <span className={styles.lineWhy}>{serverText(line.why)}</span>}
      </td>
      <td className={styles.figure}>{line.quantity}</td>
      <td className={styles.figure}>{formatMoney(line.unit_price)}</td>
      <td className={styles.figure}>{lineAmount(line)}</td>
    </tr>
  )
}

function ReceiptSum({ transaction: sale }: { transaction: TransactionView }) {
  return (
    <dl className={styles.sum}>
      {Number(sale.discount.amount) !== 0 && (
        <>
          <dt>{t('receipt.discount')}</dt>
          <dd>{formatMoney(sale.discount)}</dd>
        </>
      )}
      <dt className={styles.total}>
        {sale.lines.length === 0 && sale.item_count > 0
          ? t('receipt.totalItems', { n: formatCount(sale.item_count) })
          : t('receipt.total')}
      </dt>
      <dd className={styles.total}>{formatMoney(sale.total)}</dd>
      {sale.tenders.map((tender, index) => (
        <TenderRow key={index} tender={tender} />
      ))}
      {sale.tenders.length === 0 && sale.payment_type !== 'none' && (
        <>
          <dt>{t('receipt.paidBy')}</dt>
          <dd>{label(sale.payment_type)}</dd>
        </>
      )}
    </dl>
  )
}

function TenderRow({ tender }: { tender: TransactionView['tenders'][number] }) {
  const keyed =
    tender.entry_method === 'keyed' || tender.entry_method === 'manual'
      ? `, ${t('receipt.keyed')}`
      : ''
  return (
    <>
      <dt>
        {label(tender.type)}
        {tender.account_token && (
          <>
            {' '}
            <Link to={cardAddress(tender.account_token)}>{shortToken(tender.account_token)}</Link>
          </>
        )}
        {keyed}
      </dt>
      <dd>{formatMoney(tender.amount)}</dd>
    </>
  )
}
