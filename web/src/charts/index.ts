// SPDX-License-Identifier: Apache-2.0
//
// All charts, as one chunk that is fetched when the first of them is shown.
export { PeerChart } from './PeerChart'
export { TimelineChart } from './TimelineChart'
export { TrendChart } from './TrendChart'
