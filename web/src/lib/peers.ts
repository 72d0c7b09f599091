// SPDX-License-Identifier: Apache-2.0
import type { PeerMeasure } from '../api/client'

// The largest figure of a measure: each row of the comparison has its own scale from 0 to this.
export function scaleMax(measure: PeerMeasure): number {
  const figures = [
    measure.value,
    measure.own_normal,
    measure.store_high,
    measure.peer_median,
    measure.peer_p95,
  ]
  const max = Math.max(...figures.map((figure) => figure ?? 0))
  return max > 0 ? max : 1
}

// Does the value stand out? Above what 95 % of the peers have and above the store's usual range.
export function isOutside(measure: PeerMeasure): boolean {
  if (measure.value === null) return false
  const limits = [measure.peer_p95, measure.store_high].filter((limit) => limit !== null)
  return (
    limits.length > 0 && limits.every((limit) => measure.value !== null && measure.value > limit)
  )
}
