// SPDX-License-Identifier: Apache-2.0
import type { Attribution } from '../../api/client'
import { formatValue } from '../../lib/format'
import { t } from '../../lib/i18n'

// "14; usual here 2, peers 1": the value beside what is usual, where something is known.
export function attributionText(item: Attribution, currency: string, locale?: string): string {
  const show = (value: number | null) => formatValue(value, item.unit, currency, locale)
  if (item.value === null) return t('alert:attributions.unknown')
  const parts: string[] = []
  if (item.peer) {
    if (item.peer.own !== null)
      parts.push(t('alert:attributions.own', { value: show(item.peer.own) }))
    if (item.peer.store_median !== null)
      parts.push(t('alert:attributions.store', { value: show(item.peer.store_median) }))
    if (item.peer.peer_median !== null)
      parts.push(t('alert:attributions.peers', { value: show(item.peer.peer_median) }))
  }
  return parts.length ? `${show(item.value)}; ${parts.join(', ')}` : show(item.value)
}
