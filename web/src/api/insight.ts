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
export type ReportSchedule = Schemas['ReportSchedule']

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

export const reportScheduleQuery = queryOptions({
  queryKey: ['metrics', 'report'],
  queryFn: () => unwrap(api.GET('/v1/metrics/report/schedule')),
  refetchInterval: (query) => (query.state.data?.is_sending ? 1_000 : false),
})
