// SPDX-License-Identifier: Apache-2.0
//
// The queue's filters. The address bar is their only home: a view can be sent to a colleague, and
// going back returns to it.
import type { Alert, AlertStatus, AlertType } from '../api/client'

export const statusChoices = [
  'OPEN',
  'NEW',
  'ASSIGNED',
  'IN_REVIEW',
  'ESCALATED',
  'CLOSED',
  'ALL',
] as const
export const typeChoices = [
  'DISCOUNT',
  'VOID_REFUND',
  'EMPLOYEE',
  'TIME',
  'CROSS_STORE',
  'INVENTORY',
] as const
export const sortChoices = ['rank', 'created', 'exposure'] as const
export const riskChoices = ['0.85', '0.9', '0.95'] as const

export interface Filters {
  status: (typeof statusChoices)[number]
  type: AlertType | null
  scheme: string | null
  store_id: string | null
  min_risk: string | null
  q: string
  sort: (typeof sortChoices)[number]
}

export const defaultFilters: Filters = {
  status: 'OPEN',
  type: null,
  scheme: null,
  store_id: null,
  min_risk: null,
  q: '',
  sort: 'rank',
}

function oneOf<T extends string>(value: string | null, choices: readonly T[]): T | null {
  return choices.find((choice) => choice === value) ?? null
}

// Unknown values of an address are dropped; they never reach the server.
export function filtersFromParams(params: URLSearchParams): Filters {
  return {
    status: oneOf(params.get('status'), statusChoices) ?? defaultFilters.status,
    type: oneOf(params.get('type'), typeChoices),
    scheme: params.get('scheme') || null,
    store_id: params.get('store_id') || null,
    min_risk: oneOf(params.get('min_risk'), riskChoices),
    q: (params.get('q') ?? '').slice(0, 128),
    sort: oneOf(params.get('sort'), sortChoices) ?? defaultFilters.sort,
  }
}

export function paramsFromFilters(filters: Filters): URLSearchParams {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(filters) as [keyof Filters, string | null][]) {
    if (value && value !== defaultFilters[name]) params.set(name, value)
  }
  return params
}

// What narrows the list, apart from the status and the order.
export function isNarrowed(filters: Filters): boolean {
  return Boolean(
    filters.type || filters.scheme || filters.store_id || filters.min_risk || filters.q.trim(),
  )
}

export function queryFromFilters(filters: Filters) {
  return {
    status: filters.status === 'ALL' ? undefined : filters.status,
    type: filters.type ?? undefined,
    scheme: filters.scheme ?? undefined,
    store_id: filters.store_id ?? undefined,
    min_risk: filters.min_risk ? Number(filters.min_risk) : undefined,
    q: filters.q.trim() || undefined,
    sort: filters.sort,
  }
}

function statusMatches(status: AlertStatus, wanted: Filters['status']): boolean {
  if (wanted === 'ALL') return true
  return wanted === 'OPEN' ? status !== 'CLOSED' : status === wanted
}

// Would the server list this alert under these filters? Decides whether a live arrival is announced.
export function alertMatches(alert: Alert, filters: Filters): boolean {
  if (!statusMatches(alert.status, filters.status)) return false
  if (filters.type && alert.type !== filters.type) return false
  if (filters.scheme && alert.scheme !== filters.scheme) return false
  if (filters.store_id && alert.store_id !== filters.store_id) return false
  if (filters.min_risk && alert.risk_score < Number(filters.min_risk)) return false
  const q = filters.q.trim().toLowerCase()
  if (!q) return true
  const texts = [
    alert.alert_id,
    alert.entity.id,
    alert.employee_id,
    alert.register_id,
    alert.store_id,
    alert.title,
  ]
  return texts.some((text) => text?.toLowerCase().includes(q))
}
