// SPDX-License-Identifier: Apache-2.0
//
// Cases: lists, files, and what is done to them. Commands state the version that was seen, as those
// on alerts do (work.ts).
import {
  type QueryClient,
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query'
import { Superseded, guarded } from '../lib/conflict'
import { ApiError, type Case, type CaseAction, type CaseRequest, api, unwrap } from './client'
import { ifMatch, sentOnce } from './work'

export interface CaseFilters {
  state?: string
  owner?: string
  region?: string
  store_id?: string
  subject?: string
  q?: string
}

export function casesQuery(filters: CaseFilters, limit = 50) {
  return infiniteQueryOptions({
    queryKey: ['cases', filters, limit],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET('/v1/cases', {
          params: { query: { ...filters, limit, cursor: pageParam ?? undefined } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: (before) => before,
  })
}

export function caseQuery(caseId: string) {
  return queryOptions({
    queryKey: ['case', caseId],
    queryFn: () =>
      unwrap(api.GET('/v1/cases/{case_id}', { params: { path: { case_id: caseId } } })),
  })
}

export function caseTimelineQuery(caseId: string) {
  return infiniteQueryOptions({
    queryKey: ['case-timeline', caseId],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET('/v1/cases/{case_id}/timeline', {
          params: {
            path: { case_id: caseId },
            query: { limit: 100, cursor: pageParam ?? undefined },
          },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
}

function applyCase(client: QueryClient, file: Case) {
  client.setQueryData(['case', file.case_id], file)
  void client.invalidateQueries({ queryKey: ['case-timeline', file.case_id] })
  void client.invalidateQueries({ queryKey: ['cases'] })
}

// Alerts say which case they are in.
function renewAlerts(client: QueryClient, alertIds: readonly string[]) {
  for (const id of alertIds) {
    void client.invalidateQueries({ queryKey: ['alert', id] })
    void client.invalidateQueries({ queryKey: ['alert-history', id] })
  }
}

export function useOpenCase() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: CaseRequest) =>
      sentOnce((key) => unwrap(api.POST('/v1/cases', { params: { header: key }, body }))),
    onSuccess: (file, { alerts }) => {
      applyCase(client, file)
      renewAlerts(client, alerts ?? [])
    },
  })
}

export interface CaseCommand {
  caseId: string
  version?: number
  body: CaseAction
}

export function useCaseAction() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ caseId, version, body }: CaseCommand) =>
      guarded(version, (seen) =>
        sentOnce((key) =>
          unwrap(
            api.POST('/v1/cases/{case_id}/actions', {
              params: { path: { case_id: caseId }, header: { ...ifMatch(seen), ...key } },
              body,
            }),
          ),
        ),
      ),
    onSuccess: (file, { body }) => {
      applyCase(client, file)
      if ('alerts' in body) renewAlerts(client, body.alerts ?? [])
    },
    onError: (error) => {
      if (error instanceof Superseded && error.problem.case) applyCase(client, error.problem.case)
    },
  })
}

export interface Upload {
  caseId: string
  file: File
  // Share that was sent, 0..1.
  onProgress: (share: number) => void
}

// fetch() does not tell how far an upload has come; XMLHttpRequest does.
function send({ caseId, file, onProgress }: Upload): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const name = encodeURIComponent(file.name.slice(-128))
    request.open('POST', `/v1/cases/${encodeURIComponent(caseId)}/attachments?name=${name}`)
    request.setRequestHeader('X-Tillwatch-CSRF', '1')
    request.setRequestHeader('Content-Type', 'application/octet-stream')
    request.setRequestHeader('Accept', 'application/json')
    request.upload.onprogress = (event) => onProgress(event.loaded / Math.max(event.total, 1))
    request.onload = () => {
      if (request.status === 201) resolve()
      else reject(new ApiError(request.status, problemText(request.responseText, request.status)))
    }
    request.onerror = () => reject(new ApiError(0, ''))
    request.send(file)
  })
}

function problemText(body: string, status: number): string {
  try {
    return (JSON.parse(body) as { detail: string }).detail
  } catch {
    return String(status)
  }
}

export function useUpload() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: send,
    onSettled: (_data, _error, { caseId }) => {
      void client.invalidateQueries({ queryKey: ['case', caseId] })
      void client.invalidateQueries({ queryKey: ['case-timeline', caseId] })
    },
  })
}

export const attachmentPath = (caseId: string, sha256: string) =>
  `/v1/cases/${encodeURIComponent(caseId)}/attachments/${sha256}`

export const exportPath = (caseId: string, form: 'pdf' | 'zip') =>
  `/v1/cases/${encodeURIComponent(caseId)}/export?form=${form}`
