// SPDX-License-Identifier: Apache-2.0
//
// Reads and changes of the administration: accounts, tokens, the audit trail.
import {
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query'
import { api, unwrap } from '../../api/client'
import type { components } from '../../api/schema'

type Schemas = components['schemas']
export type User = Schemas['User']
export type UserRequest = Schemas['UserRequest']
export type UserChange = Schemas['UserChange']
export type Token = Schemas['Token']
export type TokenRequest = Schemas['TokenRequest']
export type AuditEntry = Schemas['AuditEntry']
type AuditEntries = { items: AuditEntry[]; next_cursor: string | null }
export type Role = Schemas['Role']
export type Link = Schemas['Link']

export const usersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: () => unwrap(api.GET('/v1/users')),
})

export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: () => unwrap(api.GET('/v1/tokens')),
})

export interface AuditFilters {
  actor: string
  about: string
  subject: string
  kind: string
  from: string
  to: string
}

// Empty filters are left out of the address.
export function auditParams(filters: AuditFilters) {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== ''))
}

export function auditTrailQuery(filters: AuditFilters) {
  return infiniteQueryOptions({
    queryKey: ['audit', filters],
    queryFn: async ({ pageParam, signal }) => {
      const page = await unwrap(
        api.GET('/v1/audit', {
          params: {
            query: { ...auditParams(filters), limit: 100, cursor: pageParam ?? undefined },
          },
          signal,
        }),
      )
      // The same address also answers with a file.
      return page as AuditEntries
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
}

function useChange<Input, Output>(key: string, change: (input: Input) => Promise<Output>) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSettled: () => client.invalidateQueries({ queryKey: [key] }),
  })
}

export const useCreateUser = () =>
  useChange('users', (body: UserRequest) => unwrap(api.POST('/v1/users', { body })))

// The version that was read goes along: whoever changed the account meanwhile is not overwritten.
export const useChangeUser = () =>
  useChange('users', ({ user, change }: { user: User; change: UserChange }) =>
    unwrap(
      api.PATCH('/v1/users/{user_id}', {
        params: {
          path: { user_id: user.user_id },
          header: { 'If-Match': `"${user.version}"` },
        },
        body: change,
      }),
    ),
  )

export const useNewLink = () =>
  useChange('users', (userId: string) =>
    unwrap(api.POST('/v1/users/{user_id}/link', { params: { path: { user_id: userId } } })),
  )

export const useCreateToken = () =>
  useChange('tokens', (body: TokenRequest) => unwrap(api.POST('/v1/tokens', { body })))

export const useRevokeToken = () =>
  useChange('tokens', (tokenId: string) =>
    unwrap(api.DELETE('/v1/tokens/{token_id}', { params: { path: { token_id: tokenId } } })),
  )
