// SPDX-License-Identifier: Apache-2.0
//
// The one draft of this tab: it outlives a look at another page, and is lost with the tab.
import { useSyncExternalStore } from 'react'
import { type Draft, emptyDraft } from './draft'

let draft = emptyDraft
const listeners = new Set<() => void>()

function subscribe(listener: () => void) {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function setDraft(next: Draft) {
  draft = next
  for (const listener of listeners) listener()
}

export const useDraft = () => useSyncExternalStore(subscribe, () => draft)
