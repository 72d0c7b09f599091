// SPDX-License-Identifier: Apache-2.0
//
// Numbers, money and times as the reader's locale writes them; `locale` is undefined for the portal's
// language in the browser's own variant.
import type { Money, Unit } from '../api/client'
import { currentLocale, t } from './i18n'

type Locale = string | undefined

// Formatters are dear to make and cheap to use; a list formats the same way row after row.
const numbers = new Map<string, Intl.NumberFormat>()
const times = new Map<string, Intl.DateTimeFormat>()

function kept<T>(cache: Map<string, T>, key: string, make: () => T): T {
  let format = cache.get(key)
  if (!format) {
    format = make()
    cache.set(key, format)
  }
  return format
}

function numberFormat(given: Locale, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const locale = given ?? currentLocale()
  const key = `${locale}|${JSON.stringify(options)}`
  return kept(numbers, key, () => new Intl.NumberFormat(locale, options))
}

export function formatMoney(money: Money, locale?: Locale): string {
  return numberFormat(locale, { style: 'currency', currency: money.currency }).format(
    Number(money.amount),
  )
}

// Without cents, for headline figures.
export function formatMoneyRounded(money: Money, locale?: Locale): string {
  return numberFormat(locale, {
    style: 'currency',
    currency: money.currency,
    maximumFractionDigits: 0,
  }).format(Number(money.amount))
}

// Minor units (cents), as histories hold them.
export function formatMinor(minor: number, currency: string, locale?: Locale): string {
  const format = numberFormat(locale, { style: 'currency', currency })
  return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
}

export function formatCount(value: number, locale?: Locale): string {
  return numberFormat(locale, { maximumFractionDigits: 0 }).format(value)
}

export function formatCompact(value: number, locale?: Locale): string {
  return numberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 }).format(value)
}

// Cut, not rounded: 0.9996 is not certainty and must not read 1.00.
export function formatRisk(risk: number, locale?: Locale): string {
  const cut = Math.floor(risk * 100 + 1e-9) / 100
  return numberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(cut)
}

export function formatPercent(share: number, locale?: Locale): string {
  const digits = share !== 0 && Math.abs(share) < 0.1 ? 1 : 0
  return numberFormat(locale, { style: 'percent', maximumFractionDigits: digits }).format(share)
}

// Two decimals, for figures whose third one says nothing (AP, PSI, factors).
export function formatRatio(value: number, locale?: Locale): string {
  return numberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value)
}

// Two digits that tell, however small the figure: 0.83, 0.0042.
export function formatShort(value: number, locale?: Locale): string {
  return numberFormat(locale, { maximumSignificantDigits: 2 }).format(value)
}

// What an input adds to a score, with its sign.
export function formatSigned(value: number, locale?: Locale): string {
  return numberFormat(locale, {
    signDisplay: 'exceptZero',
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  }).format(value)
}

// A percentile close to 1 keeps the digit that tells; it never reads 100 %.
export function formatPercentile(share: number, locale?: Locale): string {
  const cut = Math.floor(share * 1000 + 1e-9) / 1000
  const digits = cut >= 0.99 && cut < 1 ? 1 : 0
  const shown = cut >= 1 ? 0.999 : cut
  return numberFormat(locale, {
    style: 'percent',
    maximumFractionDigits: cut >= 1 ? 1 : digits,
  }).format(shown)
}

function formatUnit(value: number, unit: string, digits: number, locale: Locale): string {
  return numberFormat(locale, {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits: digits,
  }).format(value)
}

// A span of time in a unit of Intl, as sentences name them.
export function formatDuration(
  value: number,
  unit: 'second' | 'minute' | 'hour' | 'day',
  digits: number,
  locale?: Locale,
): string {
  return formatUnit(value, unit, digits, locale)
}

// As many decimals as given.
export function formatFixed(value: number, digits: number, isSigned = false, locale?: Locale) {
  return numberFormat(locale, {
    signDisplay: isSigned ? 'exceptZero' : 'auto',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value)
}

export function formatBytes(bytes: number, locale?: Locale): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const
  const step = bytes < 1 ? 0 : Math.min(Math.floor(Math.log(bytes) / Math.log(1000)), 3)
  return formatUnit(bytes / 1000 ** step, units[step] ?? 'byte', step > 1 ? 1 : 0, locale)
}

// A feature's value in its unit; an absent one is a dash.
export function formatValue(
  value: number | null,
  unit: Unit,
  currency: string,
  locale?: Locale,
): string {
  if (value === null) return '–'
  switch (unit) {
    case 'money':
      return formatMoney({ amount: String(value), currency }, locale)
    case 'share':
      return formatPercent(value, locale)
    case 'percentile':
    case 'rank':
      return formatPercentile(value, locale)
    case 'flag':
      return value ? t('value.yes') : t('value.no')
    case 'd':
      return formatUnit(value, 'day', 0, locale)
    case 'h':
      return formatUnit(value, 'hour', 1, locale)
    case 'min':
      return formatUnit(value, 'minute', 0, locale)
    case 's':
      return value >= 600
        ? formatUnit(value / 60, 'minute', 0, locale)
        : formatUnit(value, 'second', 0, locale)
    case 'count':
    case 'ratio':
      return numberFormat(locale, { maximumFractionDigits: value >= 100 ? 0 : 1 }).format(value)
  }
}

// The server's sentences come with and without a capital and their full stop.
export function asSentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.?!]$/.test(begun) ? begun : `${begun}.`
}

const isoPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/

// Milliseconds whose UTC clock shows what the store's clock showed: a receipt of 18:22 in Denver
// reads 18:22 wherever it is looked at.
export function wallClockMs(iso: string): number {
  const match = isoPattern.exec(iso)
  const ms = Date.parse(iso)
  const zone = match?.[1]
  if (!zone || zone === 'Z') return ms
  const sign = zone[0] === '-' ? -1 : 1
  return ms + sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))) * 60_000
}

type TimeStyle = 'time' | 'seconds' | 'day' | 'monthDay' | 'date' | 'dateTime'

const timeOptions: Record<TimeStyle, Intl.DateTimeFormatOptions> = {
  time: { hour: '2-digit', minute: '2-digit' },
  seconds: { hour: '2-digit', minute: '2-digit', second: '2-digit' },
  day: { weekday: 'short', day: 'numeric', month: 'short' },
  monthDay: { day: 'numeric', month: 'short' },
  date: { day: 'numeric', month: 'short', year: 'numeric' },
  dateTime: { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
}

// A wall-clock instant (see wallClockMs) in the given style.
export function formatWallMs(wallMs: number, style: TimeStyle, locale?: Locale): string {
  const own = locale ?? currentLocale()
  const options = { ...timeOptions[style], timeZone: 'UTC' }
  return kept(times, `${own}|${style}`, () => new Intl.DateTimeFormat(own, options)).format(wallMs)
}

export function formatTime(iso: string, style: TimeStyle, locale?: Locale): string {
  return formatWallMs(wallClockMs(iso), style, locale)
}

// An instant by the reader's own clock: what they plan is in their time, not a store's.
export function formatLocalTime(at: Date): string {
  const own = currentLocale()
  const options = { ...timeOptions.day, ...timeOptions.time }
  return kept(times, `${own}|local`, () => new Intl.DateTimeFormat(own, options)).format(at)
}

// The same for an instant of the wire: when colleagues did something, or want it done.
export const formatMoment = (iso: string) => formatLocalTime(new Date(iso))

// The time of the day alone, by the reader's own clock.
export function formatClock(iso: string): string {
  const own = currentLocale()
  return kept(times, `${own}|clock`, () => new Intl.DateTimeFormat(own, timeOptions.time)).format(
    new Date(iso),
  )
}

// "3 min. ago" within a week, else the date.
export function formatAge(iso: string, nowMs: number, locale?: Locale): string {
  const ageS = (nowMs - Date.parse(iso)) / 1000
  if (ageS > 7 * 86_400 || ageS < -60) return formatTime(iso, 'dateTime', locale)
  if (ageS < 60) return t('value.now')
  const format = new Intl.RelativeTimeFormat(locale ?? currentLocale(), {
    style: 'narrow',
    numeric: 'auto',
  })
  if (ageS < 3600) return format.format(-Math.floor(ageS / 60), 'minute')
  if (ageS < 86_400) return format.format(-Math.floor(ageS / 3600), 'hour')
  return format.format(-Math.floor(ageS / 86_400), 'day')
}

// The mark before decimals, for fields in which numbers are typed.
export const decimalMark = (locale?: Locale) =>
  numberFormat(locale, {})
    .formatToParts(0.5)
    .find((part) => part.type === 'decimal')?.value ?? '.'

// As it is, with the digits that it has (at most four).
export function formatExact(value: number, locale?: Locale): string {
  return numberFormat(locale, { maximumFractionDigits: 4 }).format(value)
}

// A relative change with its sign: 0.2 is "+20 %"; beyond tenfold it is "× 16".
export function formatChange(change: number, locale?: Locale): string {
  if (change >= 9.5) return `× ${formatCount(1 + change, locale)}`
  return numberFormat(locale, {
    style: 'percent',
    signDisplay: 'exceptZero',
    maximumFractionDigits: Math.abs(change) < 0.1 ? 1 : 0,
  }).format(change)
}

// The difference of two shares, in percentage points: 0.03 is "+3 pts".
export function formatPoints(difference: number, locale?: Locale): string {
  const points = numberFormat(locale, {
    signDisplay: 'exceptZero',
    maximumFractionDigits: Math.abs(difference) < 0.1 ? 1 : 0,
  }).format(100 * difference)
  return t('value.points', { n: points })
}

// A span of minutes in the unit that people would say it in.
export function formatMinutes(minutes: number, locale?: Locale): string {
  if (minutes < 120) return formatUnit(minutes, 'minute', minutes < 10 ? 1 : 0, locale)
  if (minutes < 48 * 60) return formatUnit(minutes / 60, 'hour', 1, locale)
  return formatUnit(minutes / 1440, 'day', 1, locale)
}

// How long, in one unit: "40m", "24h", "5d".
export function formatSpan(ms: number, locale?: Locale): string {
  const s = Math.abs(ms) / 1000
  const [value, unit] =
    s < 3600 ? [s / 60, 'minute'] : s < 172_800 ? [s / 3600, 'hour'] : [s / 86_400, 'day']
  return numberFormat(locale, {
    style: 'unit',
    unit,
    unitDisplay: 'narrow',
    maximumFractionDigits: 0,
  }).format(Math.trunc(value))
}
