// SPDX-License-Identifier: Apache-2.0
//
// Settings of the work, the allow-list, and when the report is sent.
import {
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query'
import { api, unwrap } from '../../api/client'
import type { components } from '../../api/schema'

type Schemas = components['schemas']
export type AllowEntry = Schemas['AllowEntry']
export type AllowRequest = Schemas['AllowRequest']
export type ReportSchedule = Schemas['ReportSchedule']

export const scheduleQuery = queryOptions({
  queryKey: ['report-schedule'],
  queryFn: () => unwrap(api.GET('/v1/metrics/report/schedule')),
  refetchInterval: (query) => (query.state.data?.is_sending ? 1_000 : false),
})

export function useSendReport() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => unwrap(api.POST('/v1/metrics/report/send', { body: {} })),
    onSuccess: (schedule) => client.setQueryData(scheduleQuery.queryKey, schedule),
  })
}

export const allowQuery = infiniteQueryOptions({
  queryKey: ['allow-list'],
  queryFn: ({ pageParam }) =>
    unwrap(
      api.GET('/v1/allow-list', {
        params: { query: { limit: 100, cursor: pageParam ?? undefined } },
      }),
    ),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
})

export function useAddAllowed() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: AllowRequest) => unwrap(api.POST('/v1/allow-list', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: allowQuery.queryKey }),
  })
}

export function useRemoveAllowed() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ id, reason }: { id: string; reason: string }) =>
      unwrap(
        api.DELETE('/v1/allow-list/{allow_id}', {
          params: { path: { allow_id: id }, query: reason ? { reason } : {} },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: allowQuery.queryKey }),
  })
}
