// SPDX-License-Identifier: Apache-2.0
import { type LucideIcon, Receipt, Store, User } from 'lucide-react'
import type { components } from '../../api/schema'
import { t } from '../../lib/i18n'

export interface Jump {
  to: string
  label: string
  note?: string
  icon: LucideIcon
}

type StoreBrief = components['schemas']['StoreList']['items'][number]

export function storeJumps(stores: StoreBrief[], text: string): Jump[] {
  const wanted = text.toLowerCase()
  return stores
    .filter((store) => store.store_id.toLowerCase().includes(wanted))
    .slice(0, 5)
    .map((store) => ({
      to: `/stores/${encodeURIComponent(store.store_id)}`,
      label: t('entity.store', { id: store.store_id }),
      note: store.alerts_open ? t('palette:open', { count: store.alerts_open }) : undefined,
      icon: Store,
    }))
}

// An id has no blanks; whether there is such a thing, its page says.
export function idJumps(text: string): Jump[] {
  if (/\s/.test(text) || text.length < 2) return []
  const id = encodeURIComponent(text)
  return [
    { to: `/employees/${id}`, label: t('entity.employee', { id: text }), icon: User },
    { to: `/transactions/${id}`, label: t('entity.transaction', { id: text }), icon: Receipt },
  ]
}
