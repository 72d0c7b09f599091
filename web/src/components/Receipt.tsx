// SPDX-License-Identifier: Apache-2.0
//
// A receipt as the customer would have got it, with what the signals point at marked and explained.
import { Link } from 'react-router-dom'
import type { Line, TransactionView } from '../api/client'
import { shortToken } from '../lib/entity'
import { formatMoney, formatTime } from '../lib/format'
import { label } from '../lib/vocabulary'
import styles from './Receipt.module.css'

export function Receipt({ transaction }: { transaction: TransactionView }) {
  const { lines } = transaction
  return (
    <div data-testid="receipt">
      {transaction.why && <p className={styles.why}>{transaction.why}</p>}
      <ReceiptHead transaction={transaction} />
      {lines.length > 0 && (
        <table className={styles.lines}>
          <thead>
            <tr>
              <th scope="col">Item</th>
              <th scope="col" className={styles.figure}>
                Qty
              </th>
              <th scope="col" className={styles.figure}>
                Price
              </th>
              <th scope="col" className={styles.figure}>
                Amount
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
  const t = transaction
  return (
    <div className={styles.head}>
      <b>{label(t.type)}</b>
      <span className="num">{formatTime(t.time, 'seconds')}</span>
      <Link to={`/transactions/${encodeURIComponent(t.transaction_id)}`}>{t.transaction_id}</Link>
      {t.override_employee_id && (
        <span>
          approved by{' '}
          <Link to={`/employees/${encodeURIComponent(t.override_employee_id)}`}>
            {t.override_employee_id}
          </Link>
        </span>
      )}
      {t.original_transaction_id && (
        <span>
          of{' '}
          <Link to={`/transactions/${encodeURIComponent(t.original_transaction_id)}`}>
            {t.original_transaction_id}
          </Link>
        </span>
      )}
      {t.void_of_transaction_id && (
        <span>
          voids{' '}
          <Link to={`/transactions/${encodeURIComponent(t.void_of_transaction_id)}`}>
            {t.void_of_transaction_id}
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
  if (line.void_flag) notes.push('voided')
  if (line.return_flag) notes.push('returned')
  if (line.entry_method === 'keyed' || line.entry_method === 'manual') notes.push('keyed by hand')
  if (Number(line.discount.amount) !== 0) {
    const reason = line.discount_reason ? `, ${line.discount_reason}` : ''
    notes.push(`discount ${formatMoney(line.discount)}${reason}`)
  } else if (line.regular_price.amount !== line.unit_price.amount) {
    notes.push(`regular ${formatMoney(line.regular_price)}`)
  }
  return notes.join(' · ')
}

function ReceiptLine({ line }: { line: Line }) {
  return (
    <tr data-guilty={line.guilty || undefined} data-void={line.void_flag || undefined}>
      <td>
        <span className={styles.sku}>{line.sku}</span>
        <span className={styles.note}>{lineNotes(line)}</span>
        {line.why && <span className={styles.lineWhy}>{line.why}</span>}
      </td>
      <td className={styles.figure}>{line.quantity}</td>
      <td className={styles.figure}>{formatMoney(line.unit_price)}</td>
      <td className={styles.figure}>{lineAmount(line)}</td>
    </tr>
  )
}

function ReceiptSum({ transaction: t }: { transaction: TransactionView }) {
  return (
    <dl className={styles.sum}>
      {Number(t.discount.amount) !== 0 && (
        <>
          <dt>Discount</dt>
          <dd>{formatMoney(t.discount)}</dd>
        </>
      )}
      <dt className={styles.total}>
        Total{t.lines.length === 0 && t.item_count > 0 ? `, ${t.item_count} items` : ''}
      </dt>
      <dd className={styles.total}>{formatMoney(t.total)}</dd>
      {t.tenders.map((tender, index) => (
        <TenderRow key={index} tender={tender} />
      ))}
      {t.tenders.length === 0 && t.payment_type !== 'none' && (
        <>
          <dt>Paid by</dt>
          <dd>{label(t.payment_type)}</dd>
        </>
      )}
    </dl>
  )
}

function TenderRow({ tender }: { tender: TransactionView['tenders'][number] }) {
  const token = tender.account_token ? ` ${shortToken(tender.account_token)}` : ''
  const keyed =
    tender.entry_method === 'keyed' || tender.entry_method === 'manual' ? ', keyed by hand' : ''
  return (
    <>
      <dt>
        {label(tender.type)}
        {token}
        {keyed}
      </dt>
      <dd>{formatMoney(tender.amount)}</dd>
    </>
  )
}
