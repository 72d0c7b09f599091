// SPDX-License-Identifier: Apache-2.0
//
// The filters of the case list; the address is their only home.
import type { CaseFilters } from '../../api/cases'

export const stateChoices = ['ACTIVE', 'PENDING_APPROVAL', 'CLOSED', 'ALL'] as const
export type StateChoice = (typeof stateChoices)[number]

export interface ListFilters {
  state: StateChoice
  owner: string | null
  region: string | null
  q: string
}

export function filtersFrom(params: URLSearchParams): ListFilters {
  const state = stateChoices.find((choice) => choice === params.get('state'))
  return {
    state: state ?? 'ACTIVE',
    owner: params.get('owner')?.slice(0, 64) || null,
    region: params.get('region')?.slice(0, 64) || null,
    q: (params.get('q') ?? '').slice(0, 64),
  }
}

export function paramsFrom({ state, owner, region, q }: ListFilters): URLSearchParams {
  const params = new URLSearchParams()
  if (state !== 'ACTIVE') params.set('state', state)
  if (owner) params.set('owner', owner)
  if (region) params.set('region', region)
  if (q) params.set('q', q)
  return params
}

export const queryFrom = ({ state, owner, region, q }: ListFilters): CaseFilters => ({
  state: state === 'ALL' ? undefined : state,
  owner: owner ?? undefined,
  region: region ?? undefined,
  q: q.trim() || undefined,
})

export const isNarrowed = (filters: ListFilters) =>
  paramsFrom({ ...filters, state: 'ACTIVE' }).size > 0
