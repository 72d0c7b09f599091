// SPDX-License-Identifier: Apache-2.0
import { queryOptions } from '@tanstack/react-query'
import { Inbox } from 'lucide-react'
import { api, unwrap } from '../../api/client'
import { formatMoney } from '../../lib/format'
import { serverSentence } from '../../lib/serverSentence'
import { alertStatusLabel } from '../../lib/vocabulary'
import type { Jump } from './jumps'

export function paletteAlertsQuery(q: string) {
  return queryOptions({
    queryKey: ['palette-alerts', q],
    queryFn: async ({ signal }): Promise<Jump[]> => {
      const page = await unwrap(
        api.GET('/v1/alerts', { params: { query: { q, limit: 6 } }, signal }),
      )
      return page.items.map((alert) => ({
        to: `/alerts/${encodeURIComponent(alert.alert_id)}`,
        label: serverSentence(alert.sentence),
        note: [alert.alert_id, alertStatusLabel(alert.status), formatMoney(alert.exposure)].join(
          ' · ',
        ),
        icon: Inbox,
      }))
    },
    placeholderData: (before) => before,
  })
}
