// SPDX-License-Identifier: Apache-2.0
//
// The queue's filters. The address bar is their only home: a view can be sent to a colleague, and
// going back returns to it. The words are those of GET /v1/alerts, so that a figure leads to its
// alerts by the filter that it came with.
import type { Alert, AlertStatus, AlertType, VerdictKind } from '../api/client'

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
const verdictChoices: readonly VerdictKind[] = [
  'CONFIRMED',
  'REFUTED',
  'OPERATIONAL',
  'INCONCLUSIVE',
]

export interface Filters {
  status: (typeof statusChoices)[number]
  // A user, "me" or "none".
  assignee: string | null
  // Alerts that sleep are left out of open ones unless they are asked for.
  snoozed: 'true' | 'any' | null
  overdue: 'true' | null
  type: AlertType | null
  scheme: string | null
  region: string | null
  store_id: string | null
  min_risk: string | null
  q: string
  // What figures and other pages lead to; shown as what can be taken off.
  team: string | null
  verdict: string | null
  late: 'true' | null
  signal: string | null
  employee_id: string | null
  case_id: string | null
  from: string | null
  to: string | null
  decided_from: string | null
  decided_to: string | null
  sort: (typeof sortChoices)[number]
}

export const defaultFilters: Filters = {
  status: 'OPEN',
  assignee: null,
  snoozed: null,
  overdue: null,
  type: null,
  scheme: null,
  region: null,
  store_id: null,
  min_risk: null,
  q: '',
  team: null,
  verdict: null,
  late: null,
  signal: null,
  employee_id: null,
  case_id: null,
  from: null,
  to: null,
  decided_from: null,
  decided_to: null,
  sort: 'rank',
}

// Filters without a control of their own.
export const extraNames = [
  'team',
  'verdict',
  'late',
  'signal',
  'employee_id',
  'case_id',
  'from',
  'to',
  'decided_from',
  'decided_to',
] as const
export type ExtraName = (typeof extraNames)[number]

function oneOf<T extends string>(value: string | null, choices: readonly T[]): T | null {
  return choices.find((choice) => choice === value) ?? null
}

const word = (value: string | null) => value?.slice(0, 64) || null
const time = (value: string | null) =>
  value && !Number.isNaN(Date.parse(value)) ? value.slice(0, 40) : null

function verdicts(value: string | null): string | null {
  const kinds = (value ?? '').split(',').filter((kind) => oneOf(kind, verdictChoices))
  return kinds.join(',') || null
}

// Unknown values of an address are dropped; they never reach the server.
export function filtersFromParams(params: URLSearchParams): Filters {
  const get = (name: keyof Filters) => params.get(name)
  return {
    status: oneOf(get('status'), statusChoices) ?? defaultFilters.status,
    assignee: word(get('assignee')),
    snoozed: oneOf(get('snoozed'), ['true', 'any']),
    overdue: oneOf(get('overdue'), ['true']),
    type: oneOf(get('type'), typeChoices),
    scheme: word(get('scheme')),
    region: word(get('region')),
    store_id: word(get('store_id')),
    min_risk: oneOf(get('min_risk'), riskChoices),
    q: (get('q') ?? '').slice(0, 128),
    team: word(get('team')),
    verdict: verdicts(get('verdict')),
    late: oneOf(get('late'), ['true']),
    signal: word(get('signal')),
    employee_id: word(get('employee_id')),
    case_id: word(get('case_id')),
    from: time(get('from')),
    to: time(get('to')),
    decided_from: time(get('decided_from')),
    decided_to: time(get('decided_to')),
    sort: oneOf(get('sort'), sortChoices) ?? defaultFilters.sort,
  }
}

export function paramsFromFilters(filters: Filters): URLSearchParams {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(filters) as [keyof Filters, string | null][]) {
    if (value && value !== defaultFilters[name]) params.set(name, value)
  }
  return params
}

// The queue's address for a filter of the interface: what that leaves open, the queue must not close.
export function alertsPath(query: string): string {
  const params = new URLSearchParams(query)
  if (!params.has('status')) params.set('status', 'ALL')
  if (!params.has('snoozed')) params.set('snoozed', 'any')
  return `/?${paramsFromFilters(filtersFromParams(params)).toString()}`
}

export const views = [
  'open',
  'mine',
  'unassigned',
  'escalated',
  'overdue',
  'snoozed',
  'closed',
  'all',
] as const
export type View = (typeof views)[number]

type ViewPart = Pick<Filters, 'status' | 'assignee' | 'snoozed' | 'overdue'>

const plain: ViewPart = { status: 'OPEN', assignee: null, snoozed: null, overdue: null }

export const viewFilters: Record<View, ViewPart> = {
  open: plain,
  mine: { ...plain, assignee: 'me' },
  unassigned: { ...plain, assignee: 'none' },
  escalated: { ...plain, status: 'ESCALATED' },
  overdue: { ...plain, overdue: 'true' },
  snoozed: { ...plain, snoozed: 'true' },
  closed: { ...plain, status: 'CLOSED' },
  all: { ...plain, status: 'ALL' },
}

// Null for a mixture that is none of the views.
export function viewOf(filters: Filters): View | null {
  const isSame = (part: ViewPart) =>
    (Object.keys(part) as (keyof ViewPart)[]).every((name) => part[name] === filters[name])
  return views.find((view) => isSame(viewFilters[view])) ?? null
}

const narrowing = ['type', 'scheme', 'region', 'store_id', 'min_risk', ...extraNames] as const

export const cleared: Partial<Filters> = {
  q: '',
  ...Object.fromEntries(narrowing.map((name) => [name, null])),
}

export const narrowedN = (filters: Filters) =>
  narrowing.filter((name) => filters[name] !== null).length

// What narrows the list, apart from the view and the order.
export function isNarrowed(filters: Filters): boolean {
  return narrowedN(filters) > 0 || filters.q.trim() !== ''
}

export function queryFromFilters(filters: Filters) {
  const { status, snoozed, overdue, late, min_risk, q, sort, ...others } = filters
  const isAwake = snoozed === null && status !== 'CLOSED' && status !== 'ALL'
  return {
    ...(Object.fromEntries(Object.entries(others).filter(([, value]) => value !== null)) as {
      [Name in keyof typeof others]?: NonNullable<(typeof others)[Name]>
    }),
    status: status === 'ALL' ? undefined : status,
    snoozed: snoozed === 'true' ? true : isAwake ? false : undefined,
    overdue: overdue ? true : undefined,
    late: late ? true : undefined,
    min_risk: min_risk ? Number(min_risk) : undefined,
    q: q.trim() || undefined,
    sort,
  }
}

function statusMatches(status: AlertStatus, wanted: Filters['status']): boolean {
  if (wanted === 'ALL') return true
  return wanted === 'OPEN' ? status !== 'CLOSED' : status === wanted
}

function assigneeMatches(alert: Alert, wanted: string | null, me: string): boolean {
  if (!wanted) return true
  return wanted === 'none' ? !alert.assignee : alert.assignee === (wanted === 'me' ? me : wanted)
}

function textMatches(alert: Alert, q: string): boolean {
  const wanted = q.trim().toLowerCase()
  if (!wanted) return true
  const texts = [
    alert.alert_id,
    alert.entity.id,
    alert.employee_id,
    alert.register_id,
    alert.store_id,
    alert.title,
  ]
  return texts.some((text) => text?.toLowerCase().includes(wanted))
}

// What an alert that has just arrived can never be.
const isOfThePast = (filters: Filters) =>
  [
    filters.team,
    filters.verdict,
    filters.late,
    filters.overdue,
    filters.case_id,
    filters.to,
    filters.decided_from,
    filters.decided_to,
  ].some(Boolean) || filters.snoozed === 'true'

// Would the server list this alert under these filters? Decides whether a live arrival is announced.
export function alertMatches(alert: Alert, filters: Filters, me = ''): boolean {
  const fits = (name: 'type' | 'scheme' | 'region' | 'store_id' | 'employee_id') =>
    !filters[name] || alert[name] === filters[name]
  return (
    statusMatches(alert.status, filters.status) &&
    assigneeMatches(alert, filters.assignee, me) &&
    !isOfThePast(filters) &&
    (['type', 'scheme', 'region', 'store_id', 'employee_id'] as const).every(fits) &&
    (!filters.signal || alert.reasons.some((reason) => reason.signal === filters.signal)) &&
    (!filters.min_risk || alert.risk_score >= Number(filters.min_risk)) &&
    textMatches(alert, filters.q)
  )
}
