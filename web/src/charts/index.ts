// SPDX-License-Identifier: Apache-2.0
//
// All charts, as one chunk that is fetched when the first of them is shown.
export { BinsChart } from './BinsChart'
export { CalendarChart } from './CalendarChart'
export { ElsewhereChart } from './ElsewhereChart'
export { HeatChart } from './HeatChart'
export { NetworkChart } from './NetworkChart'
export { PeerChart } from './PeerChart'
export { ReliabilityChart } from './ReliabilityChart'
export { SeriesChart } from './SeriesChart'
export { ShadowChart } from './ShadowChart'
export { TimelineChart } from './TimelineChart'
export { TrendChart } from './TrendChart'
export { WeeksChart } from './WeeksChart'
