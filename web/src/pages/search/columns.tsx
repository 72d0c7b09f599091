// SPDX-License-Identifier: Apache-2.0
//
// What a row of the results can show.
import type { ReactNode } from 'react'
import { Link } from 'react-router-dom'
import type { SearchHit } from '../../api/insight'
import { RiskTag } from '../../components/Tags'
import {
  alertAddress,
  cardAddress,
  customerAddress,
  employeeAddress,
  registerAddress,
  storeAddress,
} from '../../lib/address'
import { shortToken } from '../../lib/entity'
import { formatCount, formatMoney, formatTime } from '../../lib/format'
import { serverSentence } from '../../lib/serverSentence'
import { label } from '../../lib/vocabulary'

export const columnNames = [
  'time',
  'business_date',
  'store',
  'register',
  'employee',
  'type',
  'payment',
  'total',
  'discount',
  'items',
  'risk',
  'reasons',
  'alert',
  'customer',
  'card',
  'transaction',
] as const
export type ColumnName = (typeof columnNames)[number]

export const columnsDefault: ColumnName[] = [
  'time',
  'store',
  'register',
  'employee',
  'type',
  'payment',
  'total',
  'risk',
  'reasons',
  'alert',
]

export interface Column {
  name: ColumnName
  // Least width; `grow` shares what is left.
  widthPx: number
  grow?: number
  isFigure?: boolean
  cell: (hit: SearchHit) => ReactNode
}

const dash = '–'
const maybe = (id: string | null, address: (id: string) => string, text = id ?? '') =>
  id === null ? dash : <Link to={address(id)}>{text}</Link>

const all: Record<ColumnName, Omit<Column, 'name'>> = {
  time: { widthPx: 118, cell: (hit) => formatTime(hit.time, 'dateTime') },
  business_date: { widthPx: 104, cell: (hit) => formatTime(hit.business_date, 'date') },
  store: { widthPx: 70, cell: (hit) => maybe(hit.store_id, storeAddress) },
  register: {
    widthPx: 84,
    cell: (hit) => maybe(hit.register_id, (id) => registerAddress(hit.store_id, id)),
  },
  employee: { widthPx: 96, cell: (hit) => maybe(hit.employee_id, employeeAddress) },
  type: { widthPx: 92, cell: (hit) => label(hit.type) },
  payment: { widthPx: 96, cell: (hit) => label(hit.payment_type) },
  total: { widthPx: 104, isFigure: true, cell: (hit) => formatMoney(hit.total) },
  discount: {
    widthPx: 92,
    isFigure: true,
    cell: (hit) => (Number(hit.discount.amount) === 0 ? dash : formatMoney(hit.discount)),
  },
  items: { widthPx: 64, isFigure: true, cell: (hit) => formatCount(hit.item_count) },
  risk: { widthPx: 64, isFigure: true, cell: (hit) => <RiskTag risk={hit.risk_score} /> },
  reasons: {
    widthPx: 190,
    grow: 1,
    cell: (hit) => {
      const reasons = hit.reasons.map(serverSentence)
      return <span title={reasons.join('\n')}>{reasons.join(' · ') || dash}</span>
    },
  },
  alert: { widthPx: 128, cell: (hit) => maybe(hit.alert_id, alertAddress) },
  customer: { widthPx: 112, cell: (hit) => maybe(hit.customer_id, customerAddress) },
  card: {
    widthPx: 92,
    cell: (hit) => maybe(hit.account_token, cardAddress, shortToken(hit.account_token ?? '')),
  },
  transaction: { widthPx: 190, cell: (hit) => hit.transaction_id },
}

export const columnsOf = (names: readonly ColumnName[]): Column[] =>
  names.map((name) => ({ name, ...all[name] }))

export function columnsFromParam(text: string | null): ColumnName[] {
  const wanted = (text ?? '').split(',')
  const names = columnNames.filter((name) => wanted.includes(name))
  return names.length > 0 ? names : columnsDefault
}

export function columnsParam(names: readonly ColumnName[]): string | null {
  const text = columnNames.filter((name) => names.includes(name)).join(',')
  return text === columnsDefault.join(',') || text === '' ? null : text
}
