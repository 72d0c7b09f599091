// SPDX-License-Identifier: Apache-2.0
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { alertsQuery } from '../../api/queries'
import type { Filters } from '../../lib/filters'

export function useQueue(filters: Filters) {
  const client = useQueryClient()
  const query = alertsQuery(filters)
  const result = useInfiniteQuery(query)
  const alerts = useMemo(
    () => result.data?.pages.flatMap((page) => page.items) ?? [],
    [result.data],
  )
  // Begins again at the first page, without a blank screen in between.
  const renew = async () => {
    client.setQueryData(query.queryKey, (data) =>
      data ? { pages: data.pages.slice(0, 1), pageParams: data.pageParams.slice(0, 1) } : data,
    )
    await result.refetch()
  }
  return { ...result, alerts, renew, total: result.data?.pages[0]?.total }
}

export type Queue = ReturnType<typeof useQueue>
