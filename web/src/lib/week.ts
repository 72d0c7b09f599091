// SPDX-License-Identifier: Apache-2.0
import { currentLocale } from './i18n'

// Monday first, as the interface counts them.
export function weekdayNames(): string[] {
  const format = new Intl.DateTimeFormat(currentLocale(), { weekday: 'short', timeZone: 'UTC' })
  // 5 January 2026 was a Monday.
  return Array.from({ length: 7 }, (_, day) => format.format(Date.UTC(2026, 0, 5 + day)))
}

// Hours of the day as their column heads.
export const hourNames = (first: number, n: number) =>
  Array.from({ length: n }, (_, index) => String(first + index).padStart(2, '0'))
