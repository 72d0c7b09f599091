// SPDX-License-Identifier: Apache-2.0
//
// The figures of the dashboard: how each is written, and whether more of it is good.
import type { Metrics, MetricsChange, MetricsSummary } from '../../api/insight'
import {
  formatChange,
  formatCount,
  formatMinutes,
  formatMoney,
  formatMoneyRounded,
  formatPercent,
  formatPoints,
  formatRatio,
} from '../../lib/format'
import { t } from '../../lib/i18n'

export type FigureName =
  | 'alerts'
  | 'precision'
  | 'false_positive'
  | 'exposure'
  | 'recovered'
  | 'saved'
  | 'minutes'
  | 'in_time'
  | 'cost_per_alert'
  | 'roi'

export interface Figure {
  name: FigureName
  value: string
  // A second line: the interval, the 90th percentile, the cost behind it.
  detail: string | null
  isEstimate: boolean
  change: string | null
  before: string
  tone: 'good' | 'bad' | 'plain'
  filter: string | null
}

const dash = '–'

const shareText = (share: Metrics['precision']) =>
  share.value === null ? dash : formatPercent(share.value)

function intervalText(share: Metrics['precision']): string | null {
  if (share.low === null || share.high === null) return null
  const low = formatPercent(share.low)
  const high = formatPercent(share.high)
  return `${t('interval.to', { low, high })} · ${t('interval.of', { k: formatCount(share.k), n: formatCount(share.n) })}`
}

// more: is more of it better (1), worse (-1) or neither (0)?
interface Kind {
  more: 1 | 0 | -1
  changeOf: keyof MetricsChange
  isShare?: boolean
  isEstimate?: boolean
  value: (figures: Metrics) => string
  detail?: (figures: Metrics) => string | null
  filter: (filters: MetricsSummary['filters']) => string | null
}

const kinds: Record<FigureName, Kind> = {
  alerts: {
    more: 0,
    changeOf: 'alerts',
    value: (f) => formatCount(f.alerts),
    detail: (f) =>
      t('dashboard:detail.alerts', {
        confirmed: formatCount(f.confirmed),
        open: formatCount(f.open),
      }),
    filter: (f) => f.alerts,
  },
  precision: {
    more: 1,
    changeOf: 'precision',
    isShare: true,
    value: (f) => shareText(f.precision),
    detail: (f) => intervalText(f.precision),
    filter: (f) => f.precision,
  },
  false_positive: {
    more: -1,
    changeOf: 'false_positive',
    isShare: true,
    value: (f) => shareText(f.false_positive),
    detail: (f) => intervalText(f.false_positive),
    filter: (f) => f.false_positive,
  },
  exposure: {
    more: 0,
    changeOf: 'exposure',
    value: (f) => formatMoneyRounded(f.exposure),
    detail: (f) =>
      t('dashboard:detail.exposure', {
        confirmed: formatMoneyRounded(f.exposure_confirmed),
        open: formatMoneyRounded(f.exposure_open),
      }),
    filter: (f) => f.exposure,
  },
  recovered: {
    more: 1,
    changeOf: 'recovered',
    value: (f) => formatMoneyRounded(f.recovered),
    detail: () => t('dashboard:detail.verified'),
    filter: (f) => f.recovered,
  },
  saved: {
    more: 1,
    changeOf: 'saved',
    isEstimate: true,
    value: (f) => formatMoneyRounded(f.saved),
    detail: () => t('dashboard:detail.estimated'),
    filter: (f) => f.saved,
  },
  minutes: {
    more: -1,
    changeOf: 'minutes_p50',
    value: (f) => (f.minutes_p50 === null ? dash : formatMinutes(f.minutes_p50)),
    detail: (f) =>
      f.minutes_p90 === null
        ? null
        : t('dashboard:detail.minutes', {
            p90: formatMinutes(f.minutes_p90),
            n: formatCount(f.measured),
          }),
    filter: (f) => f.minutes,
  },
  in_time: {
    more: 1,
    changeOf: 'in_time',
    isShare: true,
    value: (f) => shareText(f.in_time),
    detail: (f) => t('dashboard:detail.late', { n: formatCount(f.decided_late) }),
    filter: (f) => f.decided_late,
  },
  cost_per_alert: {
    more: -1,
    changeOf: 'cost_per_alert',
    isEstimate: true,
    value: (f) => (f.cost_per_alert === null ? dash : formatMoney(f.cost_per_alert)),
    detail: (f) => t('dashboard:detail.cost', { cost: formatMoneyRounded(f.cost) }),
    filter: (f) => f.cost,
  },
  roi: {
    more: 1,
    changeOf: 'roi',
    isShare: true,
    isEstimate: true,
    value: (f) => (f.roi === null ? dash : `${formatRatio(f.roi)} ×`),
    detail: () => t('dashboard:detail.roi'),
    filter: () => null,
  },
}

export const figureNames = Object.keys(kinds) as FigureName[]

// Half a percent is noise of rounding, not a direction.
const noise = 0.005

export function figureOf(name: FigureName, summary: MetricsSummary): Figure {
  const kind = kinds[name]
  const change = summary.change[kind.changeOf]
  const isMoved = change !== null && Math.abs(change) >= noise
  const isGood = isMoved && Math.sign(change) === kind.more
  const write = (value: number) =>
    name === 'roi'
      ? `${formatChangeRatio(value)} ×`
      : kind.isShare
        ? formatPoints(value)
        : formatChange(value)
  return {
    name,
    value: kind.value(summary.figures),
    detail: kind.detail?.(summary.figures) ?? null,
    isEstimate: kind.isEstimate ?? false,
    change: change === null ? null : write(change),
    before: kind.value(summary.previous),
    tone: !isMoved || kind.more === 0 ? 'plain' : isGood ? 'good' : 'bad',
    filter: kind.filter(summary.filters),
  }
}

const formatChangeRatio = (value: number) =>
  value > 0 ? `+${formatRatio(value)}` : formatRatio(value)
