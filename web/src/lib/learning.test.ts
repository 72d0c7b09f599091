// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import type { Attribution } from '../api/client'
import { attributionText, psiLevel, stageText } from './learning'

const item: Attribution = {
  input: 'emp_no_receipt_n_28d',
  title: 'Refunds without a receipt',
  help: '',
  unit: 'count',
  value: 14,
  contribution: 1.2,
  peer: { own: 2, store_median: null, peer_median: 1 },
}

describe('attributionText', () => {
  it('names what is usual where it is known', () => {
    expect(attributionText(item, 'USD', 'en-US')).toBe('14; own normal 2, peers 1')
  })
  it('stands alone without a comparison', () => {
    expect(attributionText({ ...item, peer: null }, 'USD', 'en-US')).toBe('14')
    const empty = { own: null, store_median: null, peer_median: null }
    expect(attributionText({ ...item, peer: empty }, 'USD', 'en-US')).toBe('14')
  })
  it('says when the value is missing', () => {
    expect(attributionText({ ...item, value: null }, 'USD', 'en-US')).toContain('not known')
  })
})

describe('psiLevel', () => {
  it('is calm about what moved as much in training', () => {
    expect([0.05, 0.3, 0.5].map((psi) => psiLevel(psi, 0.4))).toEqual(['low', 'usual', 'high'])
  })
  it('has the usual limits', () => {
    expect([null, 0, 0.0999, 0.1, 0.2499, 0.25].map((psi) => psiLevel(psi))).toEqual([
      'none',
      'low',
      'low',
      'some',
      'some',
      'high',
    ])
  })
})

describe('stageText', () => {
  it('counts only what is known', () => {
    const running = { started_at: '', started_by: '', stage: 'fit', done: 30, all: 120 } as const
    expect(stageText(running)).toBe('Training: 30 of 120')
    expect(stageText({ ...running, all: 0 })).toBe('Training')
  })
})
