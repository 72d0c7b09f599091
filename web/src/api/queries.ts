// SPDX-License-Identifier: Apache-2.0
//
// Every read of the portal, in one query cache. Lists do not refetch by themselves: rows must not
// jump under the reader's hand; the live stream patches them in place (see live.ts).
import {
  type InfiniteData,
  QueryCache,
  QueryClient,
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query'
import type { Filters } from '../lib/filters'
import { queryFromFilters } from '../lib/filters'
import {
  type Alert,
  type AlertPage,
  type AlertStatus,
  ApiError,
  type VerdictRequest,
  api,
  unwrap,
} from './client'

export function createQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    // When the session has ended, the session query finds out and the sign-in page takes over.
    queryCache: new QueryCache({
      onError: (error, query) => {
        const isOther = query.queryKey[0] !== 'session' && query.queryKey[0] !== 'setup'
        if (isOther && error instanceof ApiError && error.status === 401) {
          void client.invalidateQueries({ queryKey: ['session'] })
        }
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        refetchOnWindowFocus: false,
        // A 4xx says the same thing twice; faults and lost connections are worth two more tries.
        retry: (count, error) => count < 2 && !(error instanceof ApiError && isFinal(error.status)),
      },
    },
  })
  return client
}

function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 429
}

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: () => unwrap(api.GET('/v1/session')),
  staleTime: Infinity,
})

export const summaryQuery = queryOptions({
  queryKey: ['summary'],
  queryFn: () => unwrap(api.GET('/v1/summary')),
})

export function alertsQuery(filters: Filters) {
  return infiniteQueryOptions({
    queryKey: ['alerts', filters],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET('/v1/alerts', {
          params: {
            query: { ...queryFromFilters(filters), limit: 100, cursor: pageParam ?? undefined },
          },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page: AlertPage) => page.next_cursor,
    staleTime: Infinity,
    gcTime: 30 * 60_000,
  })
}

export function alertQuery(alertId: string) {
  return queryOptions({
    queryKey: ['alert', alertId],
    queryFn: () =>
      unwrap(api.GET('/v1/alerts/{alert_id}', { params: { path: { alert_id: alertId } } })),
  })
}

export function transactionQuery(transactionId: string) {
  return queryOptions({
    queryKey: ['transaction', transactionId],
    queryFn: () =>
      unwrap(
        api.GET('/v1/transactions/{transaction_id}', {
          params: { path: { transaction_id: transactionId } },
        }),
      ),
  })
}

export function employeeQuery(employeeId: string) {
  return queryOptions({
    queryKey: ['employee', employeeId],
    queryFn: () =>
      unwrap(
        api.GET('/v1/employees/{employee_id}', { params: { path: { employee_id: employeeId } } }),
      ),
  })
}

export function storeQuery(storeId: string) {
  return queryOptions({
    queryKey: ['store', storeId],
    queryFn: () =>
      unwrap(api.GET('/v1/stores/{store_id}', { params: { path: { store_id: storeId } } })),
  })
}

export const storesQuery = queryOptions({
  queryKey: ['stores'],
  queryFn: () => unwrap(api.GET('/v1/stores')),
})

export const signalsQuery = queryOptions({
  queryKey: ['signals'],
  queryFn: () => unwrap(api.GET('/v1/signals')),
})

export const catalogueQuery = queryOptions({
  queryKey: ['catalogue'],
  queryFn: () => unwrap(api.GET('/v1/catalogue')),
  staleTime: Infinity,
})

export const reasonsQuery = queryOptions({
  queryKey: ['verdict-reasons'],
  queryFn: () => unwrap(api.GET('/v1/verdict-reasons')),
  staleTime: Infinity,
})

export const modelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: () => unwrap(api.GET('/v1/models')),
})

export function modelQuery(modelId: string) {
  return queryOptions({
    queryKey: ['model', modelId],
    queryFn: () =>
      unwrap(api.GET('/v1/models/{model_id}', { params: { path: { model_id: modelId } } })),
  })
}

export function modelCardQuery(modelId: string) {
  return queryOptions({
    queryKey: ['model-card', modelId],
    queryFn: () =>
      unwrap(
        api.GET('/v1/models/{model_id}/card', {
          params: { path: { model_id: modelId } },
          parseAs: 'text',
          headers: { Accept: 'text/markdown' },
        }),
      ),
  })
}

// Followed while a training runs; else a quiet look now and then, as one may start by the clock.
export const trainingsQuery = queryOptions({
  queryKey: ['trainings'],
  queryFn: () => unwrap(api.GET('/v1/trainings')),
  refetchInterval: (query) => (query.state.data?.state === 'running' ? 1_000 : 30_000),
})

export const watchQuery = queryOptions({
  queryKey: ['watch'],
  queryFn: () => unwrap(api.GET('/v1/watch')),
  refetchInterval: 60_000,
})

export const auditQuery = queryOptions({
  queryKey: ['audit-sample'],
  queryFn: () => unwrap(api.GET('/v1/audit-sample', { params: { query: { limit: 50 } } })),
})

// Everything that another champion, challenger or training changes.
export function invalidateLearning(client: QueryClient) {
  const keys = ['models', 'model', 'trainings', 'watch', 'signals', 'alert']
  return client.invalidateQueries({
    predicate: ({ queryKey }) => keys.includes(String(queryKey[0])),
  })
}

export type ModelAction = 'promote' | 'archive' | 'rollback'

export function useModelAction() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({
      action,
      modelId,
      reason,
    }: {
      action: ModelAction
      modelId: string
      reason: string
    }) => {
      const body = { reason }
      const params = { path: { model_id: modelId } }
      if (action === 'promote')
        return unwrap(api.POST('/v1/models/{model_id}/promote', { params, body }))
      if (action === 'archive')
        return unwrap(api.POST('/v1/models/{model_id}/archive', { params, body }))
      return unwrap(api.POST('/v1/models/rollback', { body }))
    },
    onSuccess: () => invalidateLearning(client),
  })
}

export function useStartTraining() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => unwrap(api.POST('/v1/trainings', { body: { quick: false, promote: true } })),
    onSuccess: (state) => client.setQueryData(trainingsQuery.queryKey, state),
    onError: () => client.invalidateQueries({ queryKey: trainingsQuery.queryKey }),
  })
}

export function useImportModel() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (file: File) =>
      unwrap(
        api.POST('/v1/models', {
          params: { query: { reason: `Imported from ${file.name}`.slice(0, 120) } },
          body: file as never,
          bodySerializer: (body) => body as never,
          headers: { 'Content-Type': 'application/octet-stream' },
        }),
      ),
    onSuccess: () => invalidateLearning(client),
  })
}

// Changes an alert wherever a list shows it, without moving it.
export function patchAlertInLists(
  client: QueryClient,
  alertId: string,
  change: (alert: Alert) => Alert,
): boolean {
  let isFound = false
  client.setQueriesData<InfiniteData<AlertPage>>({ queryKey: ['alerts'] }, (data) => {
    if (!data) return data
    let isHere = false
    const pages = data.pages.map((page) => {
      if (!page.items.some((item) => item.alert_id === alertId)) return page
      isHere = true
      return {
        ...page,
        items: page.items.map((item) => (item.alert_id === alertId ? change(item) : item)),
      }
    })
    if (isHere) isFound = true
    return isHere ? { ...data, pages } : data
  })
  return isFound
}

export function applyStatusToLists(
  client: QueryClient,
  alertId: string,
  status: AlertStatus | null,
) {
  if (status) patchAlertInLists(client, alertId, (alert) => ({ ...alert, status }))
}

export function useVerdict() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: VerdictRequest) => unwrap(api.POST('/v1/verdicts', { body })),
    onSuccess: async (result, request) => {
      const alertId = result.alert_id ?? request.alert_id
      if (!alertId) return
      applyStatusToLists(client, alertId, result.status)
      const fresh = await client.fetchQuery({ ...alertQuery(alertId), staleTime: 0 })
      patchAlertInLists(client, alertId, (alert) => ({
        ...alert,
        status: fresh.status,
        verdict: fresh.verdict,
        updated_at: fresh.updated_at,
      }))
    },
  })
}
