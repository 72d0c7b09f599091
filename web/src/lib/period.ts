// SPDX-License-Identifier: Apache-2.0
//
// Periods of whole days, as the address bar holds them: the last so many days, or from and to, both
// included. Dates are "2026-02-28"; what day it is where is for the caller to know.

export interface Period {
  days: number | null
  from: string | null
  to: string | null
}

const datePattern = /^\d{4}-\d{2}-\d{2}$/
const dayMs = 86_400_000

export const isDate = (text: string | null): text is string =>
  text !== null && datePattern.test(text) && !Number.isNaN(Date.parse(text))

export function addDays(date: string, days: number): string {
  return new Date(Date.parse(date) + days * dayMs).toISOString().slice(0, 10)
}

// How many days [from, to] has.
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / dayMs) + 1
}

// The date of an instant in a zone; without a known zone, the one that the instant is written in.
export function dateIn(iso: string, zone: string): string {
  try {
    const format = new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    })
    return format.format(Date.parse(iso))
  } catch {
    return iso.slice(0, 10)
  }
}

// Unknown values of an address are dropped.
export function periodFromParams(params: URLSearchParams, daysDefault: number): Period {
  const from = params.get('from')
  const to = params.get('to')
  if (isDate(from) && isDate(to) && from <= to) return { days: null, from, to }
  const days = Number(params.get('days'))
  const isGood = Number.isInteger(days) && days >= 1 && days <= 400
  return { days: isGood ? days : daysDefault, from: null, to: null }
}

export function paramsFromPeriod(period: Period, daysDefault: number): Record<string, string> {
  if (period.from && period.to) return { from: period.from, to: period.to }
  if (period.days && period.days !== daysDefault) return { days: String(period.days) }
  return {}
}

// Begin and end, the end not in it, of a period whose last day is `last`.
export function spanOf(period: Period, last: string): { from: string; to: string } {
  if (period.from && period.to) return { from: period.from, to: addDays(period.to, 1) }
  return { from: addDays(last, 1 - (period.days ?? 28)), to: addDays(last, 1) }
}

// A date as pickers think of it, a local midnight, and back.
export const toLocalDate = (date: string) => new Date(`${date}T00:00:00`)
export function fromLocalDate(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}
