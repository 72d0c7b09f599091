// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { snoozeChoices } from './snooze'

const days = (now: Date) =>
  snoozeChoices(now).map(({ at }) => `${at.getMonth() + 1}/${at.getDate()} ${at.getHours()}`)

describe('snooze', () => {
  it('ends in a morning to come', () => {
    // A Wednesday, and a Monday: the Monday to come is never today.
    expect(days(new Date(2026, 2, 4, 23, 30))).toEqual(['3/5 8', '3/7 8', '3/9 8', '3/11 8'])
    expect(days(new Date(2026, 2, 2, 6))).toEqual(['3/3 8', '3/5 8', '3/9 8', '3/9 8'])
    expect(days(new Date(2026, 2, 1, 12))[2]).toBe('3/2 8')
  })
})
