// SPDX-License-Identifier: Apache-2.0
//
// What is set about the work, and changes of it.
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, unwrap } from './client'
import type { components } from './schema'

type Schemas = components['schemas']
export type Settings = Schemas['Settings']
export type SettingsChange = Schemas['SettingsChange']
export type Region = Schemas['SettingsRegion']
export type Rule = Schemas['SettingsRule']
export type Reason = Schemas['SettingsReason']

export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: () => unwrap(api.GET('/v1/settings')),
})

// Only what changed is sent, with the version that was read.
export function useChangeSettings() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ version, change }: { version: number; change: SettingsChange }) =>
      unwrap(
        api.PATCH('/v1/settings', {
          params: { header: { 'If-Match': `"${version}"` } },
          body: change,
        }),
      ),
    onSuccess: (settings) => client.setQueryData(settingsQuery.queryKey, settings),
    onError: () => client.invalidateQueries({ queryKey: settingsQuery.queryKey }),
  })
}
