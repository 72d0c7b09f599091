// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { addDays, dateIn, daysBetween, paramsFromPeriod, periodFromParams, spanOf } from './period'

const read = (search: string) => periodFromParams(new URLSearchParams(search), 28)

describe('periodFromParams', () => {
  it('reads days, or from and to', () => {
    expect(read('')).toEqual({ days: 28, from: null, to: null })
    expect(read('days=90')).toEqual({ days: 90, from: null, to: null })
    expect(read('from=2026-02-01&to=2026-02-28')).toEqual({
      days: null,
      from: '2026-02-01',
      to: '2026-02-28',
    })
  })

  it('drops what is no period', () => {
    for (const search of [
      'days=0',
      'days=401',
      'days=x',
      'from=2026-02-02&to=2026-02-01',
      'from=x',
    ])
      expect(read(search), search).toEqual({ days: 28, from: null, to: null })
  })

  it('is undone by paramsFromPeriod', () => {
    for (const search of ['', 'days=90', 'from=2026-02-01&to=2026-02-28']) {
      const params = new URLSearchParams(paramsFromPeriod(read(search), 28))
      expect(params.toString()).toBe(search)
    }
  })
})

describe('dates', () => {
  it('count across months, years and leap days', () => {
    expect(addDays('2024-02-28', 2)).toBe('2024-03-01')
    expect(addDays('2026-01-01', -1)).toBe('2025-12-31')
    expect(daysBetween('2026-02-01', '2026-02-28')).toBe(28)
  })

  it('are those of the zone', () => {
    expect(dateIn('2026-03-01T05:00:00Z', 'America/Denver')).toBe('2026-02-28')
    expect(dateIn('2026-03-01T05:00:00+02:00', 'no zone')).toBe('2026-03-01')
  })

  it('make spans whose end is not in them', () => {
    expect(spanOf(read('days=7'), '2026-03-07')).toEqual({ from: '2026-03-01', to: '2026-03-08' })
    expect(spanOf(read('from=2026-02-01&to=2026-02-28'), '2026-03-07')).toEqual({
      from: '2026-02-01',
      to: '2026-03-01',
    })
  })
})
