// SPDX-License-Identifier: Apache-2.0
//
// Reads of the pages for insight: figures, signals, search, entities.
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, unwrap } from './client'
import type { components, operations } from './schema'

type Schemas = components['schemas']
export type Metrics = Schemas['Metrics']
export type MetricsChange = Schemas['MetricsChange']
export type MetricsCut = Schemas['MetricsCut']
export type MetricsSeries = Schemas['MetricsSeries']
export type MetricsSummary = Schemas['MetricsSummary']
export type MetricsTable = Schemas['MetricsTable']
export type MetricsRow = MetricsTable['items'][number]
export type MetricsAssumption = Schemas['MetricsAssumption']

export type MetricsQuery = NonNullable<operations['getMetricsSummary']['parameters']['query']>
export type MetricsSort = NonNullable<
  NonNullable<operations['getMetricsBy']['parameters']['query']>['sort']
>

export function metricsSummaryQuery(query: MetricsQuery) {
  return queryOptions({
    queryKey: ['metrics', 'summary', query],
    queryFn: ({ signal }) => unwrap(api.GET('/v1/metrics/summary', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  })
}

export function metricsSeriesQuery(query: MetricsQuery, unit: MetricsSeries['unit']) {
  return queryOptions({
    queryKey: ['metrics', 'series', query, unit],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/v1/metrics/daily', { params: { query: { ...query, unit } }, signal })),
    placeholderData: keepPreviousData,
  })
}

export function metricsTableQuery(
  query: MetricsQuery,
  cut: MetricsCut,
  sort: MetricsSort,
  limit: number,
) {
  return queryOptions({
    queryKey: ['metrics', 'by', cut, query, sort, limit],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/v1/metrics/by/{cut}', {
          params: { path: { cut }, query: { ...query, sort, limit } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  })
}

// A version as the header If-Match wants it.
export const ifMatch = (version: number | string) => ({ 'If-Match': `"${version}"` })

export type Signal = Schemas['SignalList']['items'][number]
export type SignalChange = Schemas['SignalChange']
export type Policy = Schemas['Policy']
export type PolicyField = Schemas['PolicyField']
export type PolicyValues = Schemas['PolicyValues']
export type ConfigVersion = Schemas['ConfigVersion']
export type ConfigChange = Schemas['ConfigChange']
export type Backtest = Schemas['Backtest']
export type BacktestRequest = Schemas['BacktestRequest']
export type BacktestResult = Schemas['BacktestResult']
export type BacktestAlert = Schemas['BacktestAlert']

export const policyQuery = queryOptions({
  queryKey: ['policy'],
  queryFn: () => unwrap(api.GET('/v1/policy')),
})

export const signalVersionsQuery = queryOptions({
  queryKey: ['signals', 'versions'],
  queryFn: () => unwrap(api.GET('/v1/signals/versions')),
})

export const policyVersionsQuery = queryOptions({
  queryKey: ['policy', 'versions'],
  queryFn: () => unwrap(api.GET('/v1/policy/versions')),
})

export function signalVersionQuery(version: string) {
  return queryOptions({
    queryKey: ['signals', 'version', version],
    queryFn: () =>
      unwrap(api.GET('/v1/signals/versions/{version}', { params: { path: { version } } })),
    staleTime: Infinity,
  })
}

export function backtestQuery(id: string) {
  return queryOptions({
    queryKey: ['backtest', id],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/v1/backtests/{backtest_id}', { params: { path: { backtest_id: id } }, signal }),
      ),
    refetchInterval: (query) => (query.state.data?.state === 'running' ? 600 : false),
  })
}

export const startBacktest = (body: BacktestRequest) => unwrap(api.POST('/v1/backtests', { body }))
