// SPDX-License-Identifier: Apache-2.0
import { beforeAll, describe, expect, it } from 'vitest'
import { loadNamespaces } from './i18n'
import { psiLevel, stageText } from './learning'

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
  beforeAll(() => loadNamespaces(['models']))

  it('counts only what is known', () => {
    const running = { started_at: '', started_by: '', stage: 'fit', done: 30, all: 120 } as const
    expect(stageText(running)).toBe('Training: 30 of 120')
    expect(stageText({ ...running, all: 0 })).toBe('Training')
  })
})
