// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import {
  asSentence,
  formatAge,
  formatBytes,
  formatMinor,
  formatMoney,
  formatMoneyRounded,
  formatPercent,
  formatPercentile,
  formatRisk,
  formatSpan,
  formatTime,
  formatValue,
  wallClockMs,
} from './format'

const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ')

describe('money', () => {
  it('follows the locale and the currency', () => {
    expect(formatMoney({ amount: '1234.5', currency: 'USD' }, 'en-US')).toBe('$1,234.50')
    expect(plain(formatMoney({ amount: '-84.99', currency: 'EUR' }, 'de-DE'))).toBe('-84,99 €')
    expect(formatMoney({ amount: '1200', currency: 'JPY' }, 'en-US')).toBe('¥1,200')
  })

  it('drops cents in headline figures', () => {
    expect(formatMoneyRounded({ amount: '109785.18', currency: 'USD' }, 'en-US')).toBe('$109,785')
  })
})

describe('minor units', () => {
  it('have the digits of their currency', () => {
    expect(formatMinor(8499, 'USD', 'en-US')).toBe('$84.99')
    expect(formatMinor(1200, 'JPY', 'en-US')).toBe('¥1,200')
  })
})

describe('sizes', () => {
  it('are short', () => {
    expect([0, 999, 48_211, 10_485_760].map((bytes) => formatBytes(bytes, 'en-US'))).toEqual([
      '0 byte',
      '999 byte',
      '48 kB',
      '10.5 MB',
    ])
  })
})

describe('risk and shares', () => {
  it('never rounds up to certainty', () => {
    expect(formatRisk(0.9996, 'en-US')).toBe('0.99')
    expect(formatRisk(0.8, 'en-US')).toBe('0.80')
    expect(formatRisk(0.29, 'en-US')).toBe('0.29')
    expect(formatRisk(1, 'en-US')).toBe('1.00')
  })

  it('keeps the digit that tells in small shares and high percentiles', () => {
    expect(formatPercent(0.024, 'en-US')).toBe('2.4%')
    expect(formatPercent(0.61, 'en-US')).toBe('61%')
    expect(formatPercentile(0.9984, 'en-US')).toBe('99.8%')
    expect(formatPercentile(0.61, 'en-US')).toBe('61%')
    expect(formatPercentile(1, 'en-US')).toBe('99.9%')
  })
})

describe('values in their unit', () => {
  it('writes each unit', () => {
    expect(formatValue(null, 'count', 'USD', 'en-US')).toBe('–')
    expect(formatValue(5, 'count', 'USD', 'en-US')).toBe('5')
    expect(formatValue(1234.56, 'count', 'USD', 'en-US')).toBe('1,235')
    expect(formatValue(412.4, 'money', 'USD', 'en-US')).toBe('$412.40')
    expect(formatValue(0.081, 'share', 'USD', 'en-US')).toBe('8.1%')
    expect(formatValue(1, 'flag', 'USD', 'en-US')).toBe('yes')
    expect(formatValue(84, 's', 'USD', 'en-US')).toBe('84 sec')
    expect(formatValue(3600, 's', 'USD', 'en-US')).toBe('60 min')
    expect(formatValue(2.5, 'h', 'USD', 'en-US')).toBe('2.5 hr')
  })
})

describe('times', () => {
  it("shows the store's own clock, wherever the reader is", () => {
    expect(plain(formatTime('2026-03-03T18:22:41-07:00', 'seconds', 'en-GB'))).toBe('18:22:41')
    expect(plain(formatTime('2026-03-03T18:22:41.250+05:30', 'time', 'en-GB'))).toBe('18:22')
    expect(plain(formatTime('2026-03-03T18:22:41Z', 'time', 'en-GB'))).toBe('18:22')
    expect(wallClockMs('2026-01-01T00:30:00+01:00')).toBe(Date.UTC(2026, 0, 1, 0, 30))
  })

  it('reads a date without a time as that day', () => {
    expect(formatTime('2026-03-03', 'date', 'en-GB')).toBe('3 Mar 2026')
  })

  it('gives ages within a week, dates beyond it and for the future', () => {
    const now = Date.parse('2026-03-03T18:00:00Z')
    expect(formatAge('2026-03-03T17:59:40Z', now, 'en-US')).toBe('now')
    expect(formatAge('2026-03-03T17:15:00Z', now, 'en-US')).toBe('45m ago')
    expect(formatAge('2026-03-02T17:00:00Z', now, 'en-US')).toBe('yesterday')
    expect(plain(formatAge('2026-01-05T09:00:00Z', now, 'en-GB'))).toBe('5 Jan, 09:00')
    expect(plain(formatAge('2026-03-05T09:00:00Z', now, 'en-GB'))).toBe('5 Mar, 09:00')
  })
})

describe('spans', () => {
  it('are told by minutes, hours and days', () => {
    const span = (minutes: number) => plain(formatSpan(minutes * 60_000, 'en-US'))
    expect([40.5, 24 * 60, -210, 5 * 1440].map(span)).toEqual(['40m', '24h', '3h', '5d'])
  })
})

describe('asSentence', () => {
  it('begins with a capital and ends with one full stop', () => {
    expect(asSentence('the disk is full')).toBe('The disk is full.')
    expect(asSentence('Too few verdicts.')).toBe('Too few verdicts.')
  })
})
