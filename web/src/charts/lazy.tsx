// SPDX-License-Identifier: Apache-2.0
import { type ComponentType, Suspense, lazy } from 'react'

const load = () => import('./index')

// Fetches the charts ahead of time, when the browser has nothing better to do.
export function prefetchCharts() {
  const later = window.requestIdleCallback ?? ((run: () => void) => setTimeout(run, 500))
  later(() => void load())
}

// Keeps the chart's place while its code is on the way, so that nothing moves when it arrives.
function held<P extends { height: number }>(Chart: ComponentType<P>) {
  return function HeldChart(props: P) {
    return (
      <Suspense fallback={<div style={{ height: props.height }} />}>
        <Chart {...props} />
      </Suspense>
    )
  }
}

export const BinsChart = held(lazy(async () => ({ default: (await load()).BinsChart })))
export const CalendarChart = held(lazy(async () => ({ default: (await load()).CalendarChart })))
export const ElsewhereChart = held(lazy(async () => ({ default: (await load()).ElsewhereChart })))
export const HeatChart = held(lazy(async () => ({ default: (await load()).HeatChart })))
export const NetworkChart = held(lazy(async () => ({ default: (await load()).NetworkChart })))
export const PeerChart = held(lazy(async () => ({ default: (await load()).PeerChart })))
export const ReliabilityChart = held(
  lazy(async () => ({ default: (await load()).ReliabilityChart })),
)
export const SeriesChart = held(lazy(async () => ({ default: (await load()).SeriesChart })))
export const ShadowChart = held(lazy(async () => ({ default: (await load()).ShadowChart })))
export const TimelineChart = held(lazy(async () => ({ default: (await load()).TimelineChart })))
export const TrendChart = held(lazy(async () => ({ default: (await load()).TrendChart })))
export const WeeksChart = held(lazy(async () => ({ default: (await load()).WeeksChart })))
