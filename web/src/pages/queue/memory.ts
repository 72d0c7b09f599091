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

const addressOf = (filters: Filters) => paramsFromFilters(filters).toString()

// Other filters give another list, which begins at its top.
export function rememberFilters(filters: Filters) {
  if (addressOf(filters) !== addressOf(queueMemory.filters)) queueMemory.offset = 0
  queueMemory.filters = filters
}

export function queuePath(): string {
  const params = addressOf(queueMemory.filters)
  return params ? `/?${params}` : '/'
}

export function neighbours(
  client: QueryClient,
  alertId: string,
): { previous?: string; next?: string; position?: number; total?: number } {
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
