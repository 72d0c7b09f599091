// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import type { Alert } from '../api/client'
import {
  alertMatches,
  alertsPath,
  cleared,
  defaultFilters,
  filtersFromParams,
  isNarrowed,
  paramsFromFilters,
  queryFromFilters,
  viewFilters,
  viewOf,
} from './filters'

const alert: Alert = {
  alert_id: 'A-000173',
  created_at: '2026-03-03T18:22:41-05:00',
  updated_at: '2026-03-03T18:22:41-05:00',
  status: 'NEW',
  type: 'VOID_REFUND',
  scheme: 'no_receipt_refund',
  title: 'No-receipt cash refunds',
  sentence: '5 no-receipt cash refunds in 7 days; peers in this store: 0 to 1.',
  entity: { kind: 'employee', id: 'E0412' },
  store_id: 'S012',
  employee_id: 'E0412',
  register_id: '07',
  risk_score: 0.91,
  challenger_risk: null,
  exposure: { amount: '412.40', currency: 'USD' },
  transaction_n: 1,
  transaction_ids: ['T-1'],
  reasons: [],
  verdict: null,
  assignee: null,
  due_at: '2026-03-04T18:22:41-05:00',
  is_overdue: false,
  snoozed_until: null,
  first_viewed_at: null,
  case_id: null,
  region: 'North',
  version: 7,
}

describe('the address', () => {
  it('keeps only what differs from the default', () => {
    expect(paramsFromFilters(defaultFilters).toString()).toBe('')
    expect(
      paramsFromFilters({ ...defaultFilters, store_id: 'S012', sort: 'created' }).toString(),
    ).toBe('store_id=S012&sort=created')
  })

  it('returns the same filters', () => {
    const filters = {
      ...defaultFilters,
      status: 'CLOSED' as const,
      type: 'TIME' as const,
      q: 'E04 12',
      min_risk: '0.9',
    }
    expect(filtersFromParams(paramsFromFilters(filters))).toEqual(filters)
  })

  it('drops what nobody offers', () => {
    const filters = filtersFromParams(
      new URLSearchParams('status=OLD&type=x&sort=up&min_risk=7&q=' + 'a'.repeat(200)),
    )
    expect(filters).toEqual({ ...defaultFilters, q: 'a'.repeat(128) })
  })
})

describe('the query', () => {
  it('leaves out empty filters', () => {
    expect(JSON.parse(JSON.stringify(queryFromFilters(defaultFilters)))).toEqual({
      status: 'OPEN',
      snoozed: false,
      sort: 'rank',
    })
    expect(queryFromFilters({ ...defaultFilters, status: 'ALL' }).status).toBeUndefined()
    expect(queryFromFilters({ ...defaultFilters, min_risk: '0.9' }).min_risk).toBe(0.9)
  })

  it('tells a narrowed list', () => {
    expect(isNarrowed(defaultFilters)).toBe(false)
    expect(isNarrowed({ ...defaultFilters, q: '  ' })).toBe(false)
    expect(isNarrowed({ ...defaultFilters, scheme: 'x' })).toBe(true)
  })
})

describe('views', () => {
  it('are told by their filters', () => {
    expect(viewOf(defaultFilters)).toBe('open')
    expect(viewOf({ ...defaultFilters, ...viewFilters.mine, type: 'TIME' })).toBe('mine')
    expect(viewOf({ ...defaultFilters, status: 'CLOSED', assignee: 'kim' })).toBeNull()
  })

  it('show what sleeps only where it is asked for', () => {
    const snoozedOf = (part: object) => queryFromFilters({ ...defaultFilters, ...part }).snoozed
    expect(snoozedOf({})).toBe(false)
    expect(snoozedOf({ snoozed: 'any' })).toBeUndefined()
    expect(snoozedOf(viewFilters.snoozed)).toBe(true)
    expect(snoozedOf(viewFilters.closed)).toBeUndefined()
  })
})

describe('a figure', () => {
  it('leads to all that it counts', () => {
    expect(alertsPath('from=2026-03-01T00:00:00Z&verdict=REFUTED,OPERATIONAL')).toBe(
      '/?status=ALL&snoozed=any&verdict=REFUTED%2COPERATIONAL&from=2026-03-01T00%3A00%3A00Z',
    )
    expect(alertsPath('status=OPEN&assignee=none')).toBe('/?assignee=none&snoozed=any')
  })

  it('is taken off in one go', () => {
    const filters = filtersFromParams(new URLSearchParams('team=North&late=true&q=x&store_id=S1'))
    expect(isNarrowed(filters)).toBe(true)
    expect(isNarrowed({ ...filters, ...cleared })).toBe(false)
  })
})

describe('an arriving alert', () => {
  it('matches as the server would', () => {
    expect(alertMatches(alert, defaultFilters)).toBe(true)
    expect(alertMatches({ ...alert, status: 'CLOSED' }, defaultFilters)).toBe(false)
    expect(alertMatches(alert, { ...defaultFilters, status: 'IN_REVIEW' })).toBe(false)
    expect(alertMatches(alert, { ...defaultFilters, status: 'ALL', type: 'TIME' })).toBe(false)
    expect(alertMatches(alert, { ...defaultFilters, store_id: 'S012', min_risk: '0.9' })).toBe(true)
    expect(alertMatches(alert, { ...defaultFilters, min_risk: '0.95' })).toBe(false)
    expect(alertMatches(alert, { ...defaultFilters, q: ' e0412 ' })).toBe(true)
    expect(alertMatches({ ...alert, employee_id: null }, { ...defaultFilters, q: 'nobody' })).toBe(
      false,
    )
    const mine = { ...defaultFilters, ...viewFilters.mine }
    expect(alertMatches({ ...alert, assignee: 'kim' }, mine, 'kim')).toBe(true)
    expect(alertMatches(alert, mine, 'kim')).toBe(false)
    expect(alertMatches(alert, { ...defaultFilters, late: 'true' })).toBe(false)
    expect(alertMatches(alert, { ...defaultFilters, region: 'South' })).toBe(false)
  })
})
