// SPDX-License-Identifier: Apache-2.0
//
// What the dashboard shows, as the address bar holds it.
import type { MetricsCut, MetricsQuery, MetricsSeries } from '../../api/insight'
import type { AlertType } from '../../api/client'
import { typeChoices } from '../../lib/filters'
import {
  type Period,
  addDays,
  daysBetween,
  paramsFromPeriod,
  periodFromParams,
} from '../../lib/period'

export const daysDefault = 28
export const daysChoices = [7, 28, 91, 364]
export const unitChoices = ['day', 'week', 'month'] as const
export const measureChoices = ['outcome', 'precision', 'money', 'time'] as const
export const cutChoices = ['region', 'type', 'signal', 'model'] as const
export const teamChoices = ['team', 'assignee'] as const

export interface View {
  period: Period
  region: string | null
  store_id: string | null
  scheme: string | null
  type: AlertType | null
  unit: MetricsSeries['unit'] | null // null: by the length of the period
  measure: (typeof measureChoices)[number]
  by: Extract<MetricsCut, (typeof cutChoices)[number]>
  team: Extract<MetricsCut, (typeof teamChoices)[number]>
}

function oneOf<T extends string>(value: string | null, choices: readonly T[]): T | null {
  return choices.find((choice) => choice === value) ?? null
}

export function viewFromParams(params: URLSearchParams): View {
  return {
    period: periodFromParams(params, daysDefault),
    region: params.get('region') || null,
    store_id: params.get('store_id') || null,
    scheme: params.get('scheme') || null,
    type: oneOf(params.get('type'), typeChoices),
    unit: oneOf(params.get('unit'), unitChoices),
    measure: oneOf(params.get('measure'), measureChoices) ?? 'outcome',
    by: oneOf(params.get('by'), cutChoices) ?? 'region',
    team: oneOf(params.get('team'), teamChoices) ?? 'team',
  }
}

export function paramsFromView(view: View): URLSearchParams {
  const params = new URLSearchParams(paramsFromPeriod(view.period, daysDefault))
  for (const name of ['region', 'store_id', 'scheme', 'type', 'unit'] as const) {
    const value = view[name]
    if (value) params.set(name, value)
  }
  if (view.measure !== 'outcome') params.set('measure', view.measure)
  if (view.by !== 'region') params.set('by', view.by)
  if (view.team !== 'team') params.set('team', view.team)
  return params
}

// The query of the figures. `last` is the newest day that has transactions; while it is not known,
// only periods that do not need it can be asked for (else null).
export function queryFromView(view: View, last: string | null): MetricsQuery | null {
  const narrow: MetricsQuery = {
    region: view.region ?? undefined,
    store_id: view.store_id ?? undefined,
    scheme: view.scheme ?? undefined,
    type: view.type ?? undefined,
  }
  const { period } = view
  if (period.from && period.to) return { from: period.from, to: addDays(period.to, 1), ...narrow }
  // The server's own default.
  if (period.days === daysDefault) return narrow
  if (last === null) return null
  return { from: addDays(last, 1 - (period.days ?? daysDefault)), ...narrow }
}

export function unitOf(view: View): MetricsSeries['unit'] {
  if (view.unit) return view.unit
  const { period } = view
  const days =
    period.from && period.to ? daysBetween(period.from, period.to) : (period.days ?? daysDefault)
  if (days <= 45) return 'day'
  return days <= 200 ? 'week' : 'month'
}
