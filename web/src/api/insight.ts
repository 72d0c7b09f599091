// SPDX-License-Identifier: Apache-2.0
//
// Reads of the pages for insight: figures, signals, search, entities.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
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

export const stopBacktest = (id: string) =>
  unwrap(api.DELETE('/v1/backtests/{backtest_id}', { params: { path: { backtest_id: id } } }))

export type SearchRequest = Schemas['SearchRequest']
export type SearchHit = Schemas['SearchHit']
export type SearchPage = Schemas['SearchPage']
export type LakeResult = Schemas['LakeResult']
export type LakeExport = Schemas['LakeExport']
export type LakeColumn = LakeResult['columns'][number]

// A page of hits, and how long the reader waited for it.
export type TimedPage = SearchPage & { tookMs: number }

export function searchQuery(request: SearchRequest) {
  return infiniteQueryOptions({
    queryKey: ['search', request],
    queryFn: async ({ pageParam, signal }): Promise<TimedPage> => {
      const begun = performance.now()
      const body = { ...request, limit: 100, ...(pageParam && { cursor: pageParam }) }
      const page = await unwrap(api.POST('/v1/search', { body, signal }))
      return { ...page, tookMs: performance.now() - begun }
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  })
}

export const runSql = (sql: string, limit: number, signal: AbortSignal) =>
  unwrap(api.POST('/v1/lake/query', { body: { sql, limit }, signal }))

// The columns of a table or view of the lake, asked for once.
export function lakeColumnsQuery(table: string) {
  return queryOptions({
    queryKey: ['lake-columns', table],
    queryFn: async ({ signal }) =>
      (await runSql(`SELECT * FROM ${table} LIMIT 0`, 1, signal)).columns,
    staleTime: Infinity,
    retry: false,
  })
}

// Fetches an export and hands it to the browser as a download.
export async function downloadExport(body: LakeExport): Promise<void> {
  const blob = await unwrap(
    api.POST('/v1/lake/export', {
      body,
      parseAs: 'blob',
      headers: { Accept: 'text/csv, application/vnd.apache.parquet, application/problem+json' },
    }),
  )
  const address = URL.createObjectURL(blob as unknown as Blob)
  const link = document.createElement('a')
  link.href = address
  link.download = `tillwatch-${new Date().toISOString().slice(0, 10)}.${body.format}`
  link.click()
  URL.revokeObjectURL(address)
}

export type Counts = Schemas['Counts']
export type CountsBy = Schemas['CountsBy']
export type CountsWindow = Schemas['CountsWindow']
export type Calendar = Schemas['Calendar']
export type CalendarCell = Calendar['cells'][number]
export type Register = Schemas['Register']
export type Account = Schemas['Account']
export type Item = Schemas['Item']
export type ItemBy = Schemas['ItemBy']
export type ItemWindow = Schemas['ItemWindow']

export interface CalendarOf {
  kind: 'employee' | 'store'
  id: string
}

export function calendarQuery({ kind, id }: CalendarOf, unit: Calendar['unit'], days: number) {
  const query = { unit, days }
  return queryOptions({
    queryKey: ['calendar', kind, id, unit, days],
    queryFn: ({ signal }) =>
      kind === 'employee'
        ? unwrap(
            api.GET('/v1/employees/{employee_id}/calendar', {
              params: { path: { employee_id: id }, query },
              signal,
            }),
          )
        : unwrap(
            api.GET('/v1/stores/{store_id}/calendar', {
              params: { path: { store_id: id }, query },
              signal,
            }),
          ),
  })
}

export function registerQuery(store_id: string, register_id: string, date: string | null) {
  return queryOptions({
    queryKey: ['register', store_id, register_id, date],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/v1/stores/{store_id}/registers/{register_id}', {
          params: { path: { store_id, register_id }, query: { date: date ?? undefined } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  })
}

export function cardQuery(account_token: string) {
  return queryOptions({
    queryKey: ['card', account_token],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/v1/cards/{account_token}', { params: { path: { account_token } }, signal })),
  })
}

export function customerQuery(customer_id: string) {
  return queryOptions({
    queryKey: ['customer', customer_id],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/v1/customers/{customer_id}', { params: { path: { customer_id } }, signal })),
  })
}

export function itemQuery(sku: string) {
  return queryOptions({
    queryKey: ['item', sku],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/v1/items/{sku}', { params: { path: { sku } }, signal })),
  })
}
