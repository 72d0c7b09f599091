// SPDX-License-Identifier: Apache-2.0
//
// Which alerts are ticked for a bulk action. Ticks of alerts that no list shows any more do not count.
import { useMemo, useState } from 'react'
import type { Alert } from '../../api/client'

export const bulkMax = 500

export function useSelection(alerts: Alert[]) {
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set())
  const [lastId, setLastId] = useState<string | null>(null)
  const picked = useMemo(
    () => alerts.filter((alert) => ticked.has(alert.alert_id)).slice(0, bulkMax),
    [alerts, ticked],
  )
  // With isRange everything from the last tick to this one.
  const toggle = (alertId: string, isRange: boolean) => {
    const from = alerts.findIndex((alert) => alert.alert_id === lastId)
    const to = alerts.findIndex((alert) => alert.alert_id === alertId)
    const next = new Set(ticked)
    if (isRange && from >= 0 && to >= 0) {
      const range = alerts.slice(Math.min(from, to), Math.max(from, to) + 1)
      for (const alert of range) next.add(alert.alert_id)
    } else if (!next.delete(alertId)) {
      next.add(alertId)
    }
    setTicked(next)
    setLastId(alertId)
  }
  const clear = () => {
    setTicked(new Set())
    setLastId(null)
  }
  const all = () => setTicked(new Set(alerts.map((alert) => alert.alert_id)))
  return { picked, ticked, toggle, clear, all }
}

export type Selection = ReturnType<typeof useSelection>
