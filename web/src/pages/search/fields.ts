// SPDX-License-Identifier: Apache-2.0
//
// Conditions of a search: one table of fields drives the chips, the address bar and the request.
import type { SearchRequest } from '../../api/insight'

// Ranges are two parameters, NAME_from and NAME_to; dates are the bare from and to.
export type FieldKind = 'id' | 'choices' | 'money' | 'risk' | 'hours' | 'dates' | 'flag' | 'signal'

export interface Field {
  name: FieldName
  kind: FieldKind
  choices?: readonly string[]
}

export const transactionTypes = [
  'sale',
  'return',
  'exchange',
  'void',
  'post_void',
  'no_sale',
  'paid_in',
  'paid_out',
  'cancel',
  'suspend',
  'resume',
] as const

export const paymentTypes = [
  'cash',
  'credit',
  'debit',
  'mobile',
  'gift_card',
  'check',
  'store_credit',
  'voucher',
  'other',
  'none',
] as const

export const fieldNames = [
  'dates',
  'store_id',
  'register_id',
  'employee_id',
  'type',
  'payment_type',
  'amount',
  'discount',
  'risk',
  'signal',
  'alerted',
  'hours',
  'sku',
  'account_token',
  'customer_id',
  'loyalty_id',
  'override_employee_id',
  'overridden',
  'refund_flag',
  'void_flag',
  'transaction_id',
  'original_transaction_id',
] as const
export type FieldName = (typeof fieldNames)[number]

const kinds: Partial<Record<FieldName, FieldKind>> = {
  dates: 'dates',
  type: 'choices',
  payment_type: 'choices',
  amount: 'money',
  discount: 'money',
  risk: 'risk',
  signal: 'signal',
  alerted: 'flag',
  hours: 'hours',
  overridden: 'flag',
  refund_flag: 'flag',
  void_flag: 'flag',
}

const choices: Partial<Record<FieldName, readonly string[]>> = {
  type: transactionTypes,
  payment_type: paymentTypes,
}

export const fields: Field[] = fieldNames.map((name) => ({
  name,
  kind: kinds[name] ?? 'id',
  choices: choices[name],
}))

// The parameters of the address that hold a field.
export function paramsOf({ name, kind }: Field): string[] {
  if (kind === 'dates') return ['from', 'to']
  if (kind === 'hours') return ['hour_from', 'hour_to']
  if (kind === 'money' || kind === 'risk') return [`${name}_from`, `${name}_to`]
  return [name]
}

export type Values = Record<string, string>

const patterns: Partial<Record<FieldKind, RegExp>> = {
  dates: /^\d{4}-\d{2}-\d{2}$/,
  hours: /^([01]?\d|2[0-4])$/,
  money: /^\d{1,12}(\.\d{1,4})?$/,
  risk: /^(0(\.\d+)?|1(\.0+)?)$/,
  flag: /^(true|false)$/,
}

function cleaned(field: Field, value: string): string {
  if (field.choices) {
    return value
      .split(',')
      .filter((item) => field.choices?.includes(item))
      .join(',')
  }
  const pattern = patterns[field.kind]
  return pattern && !pattern.test(value) ? '' : value.slice(0, 64)
}

// Unknown names and values of an address are dropped.
export function valuesFromParams(params: URLSearchParams): Values {
  const values: Values = {}
  const text = params.get('text')?.slice(0, 100)
  if (text) values.text = text
  for (const field of fields) {
    for (const name of paramsOf(field)) {
      const value = cleaned(field, params.get(name) ?? '')
      if (value) values[name] = value
    }
  }
  return values
}

export function requestFromValues(values: Values): SearchRequest {
  const request: Record<string, unknown> = {}
  if (values.text?.trim()) request.text = values.text.trim()
  for (const field of fields) {
    for (const name of paramsOf(field)) {
      const value = values[name]
      if (value === undefined) continue
      if (field.choices) request[name] = value.split(',')
      else if (field.kind === 'flag') request[name] = value === 'true'
      else if (field.kind === 'hours' || field.kind === 'risk') request[name] = Number(value)
      else request[name] = value
    }
  }
  return request as SearchRequest
}

// Fields that hold something, in the order of the table.
export const usedFields = (values: Values): Field[] =>
  fields.filter((field) => paramsOf(field).some((name) => name in values))
