// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import type { Policy, Signal } from '../../api/insight'
import {
  drafted,
  emptyDraft,
  isEmptyDraft,
  policyValues,
  signalChanges,
  withPolicy,
  withSignal,
} from './draft'

const signal = {
  name: 'no_receipt_refund',
  enabled: true,
  weight: 3,
  parameters: [
    { name: 'least', value: 5, default: 5, min: 1, max: 100, unit: 'count', help: '' },
    { name: 'times', value: 1.5, default: 1.5, min: 1, max: 10, unit: 'ratio', help: '' },
  ],
} as unknown as Signal

const set = (index: number, value: number): Signal => ({
  ...signal,
  parameters: signal.parameters.map((item, at) => (at === index ? { ...item, value } : item)),
})

describe('a draft', () => {
  it('keeps only what differs', () => {
    const draft = withSignal(emptyDraft, signal, { ...set(0, 7), enabled: false })
    expect(signalChanges(draft)).toEqual([
      { name: 'no_receipt_refund', enabled: false, parameters: { least: 7 } },
    ])
    expect(drafted(signal, draft).parameters[0]?.value).toBe(7)
    expect(drafted(signal, draft).parameters[1]?.value).toBe(1.5)
    expect(isEmptyDraft(withSignal(draft, signal, signal))).toBe(true)
  })

  it('says the same in whatever order it was made', () => {
    const other = { ...signal, name: 'another' }
    const off = (item: Signal) => ({ ...item, enabled: false })
    const one = withSignal(withSignal(emptyDraft, signal, off(signal)), other, off(other))
    const two = withSignal(withSignal(emptyDraft, other, off(other)), signal, off(signal))
    expect(JSON.stringify(signalChanges(one))).toBe(JSON.stringify(signalChanges(two)))
  })

  it('holds the policy too', () => {
    const policy = {
      version: 'policy-1',
      fields: [
        { name: 'cold_days', value: 7, default: 7, min: 0, max: 28, unit: 'days', help: '' },
      ],
    } satisfies Policy
    const draft = withPolicy(emptyDraft, policy, 'cold_days', 3)
    expect(policyValues(draft)).toEqual({ cold_days: 3 })
    expect(isEmptyDraft(withPolicy(draft, policy, 'cold_days', 7))).toBe(true)
  })
})
