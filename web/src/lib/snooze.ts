// SPDX-License-Identifier: Apache-2.0
//
// When an alert that sleeps may come back: in the morning of a day, by the reader's own clock.
const morning = 8

function morningAfter(now: Date, days: number): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, morning)
}

export function snoozeChoices(now: Date) {
  const toMonday = (8 - now.getDay()) % 7 || 7
  return [
    { name: 'tomorrow', at: morningAfter(now, 1) },
    { name: 'days', at: morningAfter(now, 3) },
    { name: 'monday', at: morningAfter(now, toMonday) },
    { name: 'week', at: morningAfter(now, 7) },
  ] as const
}
