// SPDX-License-Identifier: Apache-2.0
//
// Where the reader was in the queue: which filters, which row, how far scrolled. It lives as long as
// the tab, so that coming back from an alert returns to the same place, and the alert page knows its
// neighbours.
import type { InfiniteData, QueryClient } from '@tanstack/react-query'
import type { AlertPage } from '../../api/client'
import { type Filters, defaultFilters, paramsFromFilters } from '../../lib/filters'

export const queueMemory = {
  filters: defaultFilters as Filters,
  selectedId: null as string | null,
  offset: 0,
}

export function queuePath(): string {
  const params = paramsFromFilters(queueMemory.filters).toString()
  return params ? `/?${params}` : '/'
}

export function neighbours(client: QueryClient, alertId: string): { previous?: string; next?: string; position?: number; total?: number } {
  const data = client.getQueryData<InfiniteData<AlertPage>>(['alerts', queueMemory.filters])
  const ids = data?.pages.flatMap((page) => page.items.map((item) => item.alert_id)) ?? []
  const index = ids.indexOf(alertId)
  if (index < 0) return {}
  return {
    previous: ids[index - 1],
    next: ids[index + 1],
    position: index + 1,
    total: data?.pages[0]?.total,
  }
}
