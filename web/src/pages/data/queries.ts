// SPDX-License-Identifier: Apache-2.0
import {
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query'
import { api, unwrap } from '../../api/client'
import type { components } from '../../api/schema'

type Schemas = components['schemas']
export type DataStatus = Schemas['DataStatus']
export type Letter = Schemas['DeadLetterPage']['items'][number]
export type Resubmission = Schemas['Resubmission']

export const dataQuery = queryOptions({
  queryKey: ['data'],
  queryFn: () => unwrap(api.GET('/v1/data')),
  refetchInterval: 5_000,
})

export interface LetterFilters {
  reason: string | null
  resolved: boolean | null
}

export function lettersQuery({ reason, resolved }: LetterFilters) {
  return infiniteQueryOptions({
    queryKey: ['dead-letters', reason, resolved],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET('/v1/dead-letters', {
          params: {
            query: {
              limit: 100,
              cursor: pageParam ?? undefined,
              reason: reason ?? undefined,
              resolved: resolved ?? undefined,
            },
          },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
}

export function useResubmit() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ id, body }: { id: number; body: Resubmission }) =>
      unwrap(
        api.POST('/v1/dead-letters/{letter_id}/resubmit', {
          params: { path: { letter_id: id } },
          body,
        }),
      ),
    onSuccess: () =>
      client.invalidateQueries({
        predicate: ({ queryKey }) => ['dead-letters', 'data'].includes(String(queryKey[0])),
      }),
  })
}
