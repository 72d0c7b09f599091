// SPDX-License-Identifier: Apache-2.0
//
// What people do with alerts. Every command states the version that the reader has seen: when
// somebody else changed the alert meanwhile, nothing is done and the reader is asked (app/conflict).
import {
  type InfiniteData,
  type QueryClient,
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query'
import {
  type Alert,
  type AlertAction,
  type AlertDetail,
  type AlertPage,
  ApiError,
  type BulkAction,
  api,
  unwrap,
} from './client'
import { Superseded, guarded } from '../lib/conflict'
import { newId } from '../lib/id'
import { patchAlertInLists } from './queries'

export const peopleQuery = queryOptions({
  queryKey: ['people'],
  queryFn: () => unwrap(api.GET('/v1/people')),
  staleTime: 5 * 60_000,
})

export const filtersQuery = queryOptions({
  queryKey: ['filters'],
  queryFn: () => unwrap(api.GET('/v1/filters')),
})

export function alertHistoryQuery(alertId: string) {
  return infiniteQueryOptions({
    queryKey: ['alert-history', alertId],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET('/v1/alerts/{alert_id}/history', {
          params: {
            path: { alert_id: alertId },
            query: { limit: 50, cursor: pageParam ?? undefined },
          },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
}

export function relatedQuery(alertId: string) {
  return queryOptions({
    queryKey: ['related', alertId],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/v1/alerts/{alert_id}/related', {
          params: { path: { alert_id: alertId } },
          signal,
        }),
      ),
    staleTime: 5 * 60_000,
  })
}

// Puts the alert that a command returned wherever it is shown.
export function applyAlert(client: QueryClient, alert: Alert) {
  patchAlertInLists(client, alert.alert_id, () => alert)
  client.setQueryData<AlertDetail>(['alert', alert.alert_id], (detail) =>
    detail ? { ...detail, ...alert } : detail,
  )
  void client.invalidateQueries({ queryKey: ['alert-history', alert.alert_id] })
}

export interface AlertCommand {
  alertId: string
  // The version that the reader has seen; without one it is done whatever others did.
  version?: number
  body: AlertAction
}

export const ifMatch = (version: number | undefined) =>
  version === undefined ? {} : { 'If-Match': `"${version}"` }

// Sends a command; once more when the connection was lost before the answer came. The key makes sure
// that it is done once all the same.
export async function sentOnce<T>(send: (key: { 'Idempotency-Key': string }) => Promise<T>) {
  const key = { 'Idempotency-Key': newId() }
  try {
    return await send(key)
  } catch (error) {
    if (error instanceof ApiError && error.status === 0) return send(key)
    throw error
  }
}

function postAction({ alertId, version, body }: AlertCommand) {
  return guarded(version, (seen) =>
    sentOnce((key) =>
      unwrap(
        api.POST('/v1/alerts/{alert_id}/actions', {
          params: { path: { alert_id: alertId }, header: { ...ifMatch(seen), ...key } },
          body,
        }),
      ),
    ),
  )
}

export function useAlertAction() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: postAction,
    onSuccess: (alert) => applyAlert(client, alert),
    onError: (error) => {
      if (error instanceof Superseded && error.problem.alert)
        applyAlert(client, error.problem.alert)
    },
  })
}

// Alerts that several lists show are read anew one by one only when they are few.
function listedAlert(client: QueryClient, alertId: string): Alert | undefined {
  for (const [, data] of client.getQueriesData<InfiniteData<AlertPage>>({ queryKey: ['alerts'] })) {
    for (const page of data?.pages ?? []) {
      const found = page.items.find((item) => item.alert_id === alertId)
      if (found) return found
    }
  }
  return undefined
}

export function useBulkAction() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: BulkAction) => {
      const versions = body.alert_ids.map((id) => listedAlert(client, id)?.version ?? 0)
      return sentOnce((key) =>
        unwrap(
          api.POST('/v1/alerts/actions', {
            params: { header: key },
            body: { ...body, versions: versions.includes(0) ? undefined : versions },
          }),
        ),
      )
    },
    onSuccess: (_, { alert_ids }) => {
      for (const id of alert_ids) void client.invalidateQueries({ queryKey: ['alert', id] })
    },
  })
}

// null: nothing waits.
export function useClaimNext() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (): Promise<Alert | null> =>
      (await unwrap<Alert | undefined>(api.POST('/v1/alerts/next'))) ?? null,
    onSuccess: (alert) => {
      if (alert) applyAlert(client, alert)
    },
  })
}

export function useSaveFilter() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ id, ...body }: { id: string; name: string; query: string; shared: boolean }) =>
      unwrap(
        api.PUT('/v1/filters/{filter_id}', {
          params: { path: { filter_id: id } },
          body,
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: filtersQuery.queryKey }),
  })
}

export function useRemoveFilter() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) =>
      unwrap(
        api.DELETE('/v1/filters/{filter_id}', {
          params: { path: { filter_id: id } },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: filtersQuery.queryKey }),
  })
}
