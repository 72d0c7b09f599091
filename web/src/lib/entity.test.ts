// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { accountOf, entityText, shortToken, subjectsOf } from './entity'
import { isOutside, scaleMax } from './peers'
import { label } from './vocabulary'

const entity = (kind: Parameters<typeof accountOf>[0]['entity']['kind'], id: string) => ({
  entity: { kind, id },
  employee_id: 'E1',
  register_id: '07',
})

describe('entities', () => {
  it('says whom an alert is about', () => {
    expect(entityText(entity('employee', 'E1'))).toBe('Employee E1, register 07')
    expect(entityText(entity('register', 'S1/07'))).toBe('Register 07, employee E1')
    expect(entityText(entity('employee_account', 'E1|tok_0123456789abcdef'))).toBe(
      'Employee E1, card …abcdef',
    )
    expect(entityText(entity('employee_approver', 'E1|E9'))).toBe('Employee E1, approver E9')
    expect(entityText(entity('employee_member', 'E1|L9'))).toBe('Employee E1, loyalty card L9')
    expect(entityText({ ...entity('transaction', 'T1'), employee_id: null })).toBe('Transaction T1')
  })

  it('finds the card', () => {
    expect(accountOf(entity('account', 'tok_1'))).toBe('tok_1')
    expect(accountOf(entity('employee_account', 'E1|tok_1'))).toBe('tok_1')
    expect(accountOf(entity('employee', 'E1'))).toBeNull()
    expect(shortToken('tok_1')).toBe('tok_1')
  })
})

describe('subjects', () => {
  it('are those whom an alert is about', () => {
    const of = (kind: Parameters<typeof entity>[0], id: string) =>
      subjectsOf({ ...entity(kind, id), store_id: 'S1' }).map((s) => `${s.kind} ${s.id}`)
    expect(of('employee_account', 'E1|tok_1')).toEqual(['EMPLOYEE E1', 'CARD tok_1'])
    expect(of('register', '07')).toEqual(['REGISTER S1/07'])
    expect(of('register', 'S1/07')).toEqual(['REGISTER S1/07'])
    expect(of('transaction', 'T1')).toEqual(['EMPLOYEE E1'])
    expect(
      subjectsOf({ ...entity('transaction', 'T1'), employee_id: null, store_id: 'S1' }),
    ).toEqual([])
  })
})

const measure = {
  feature: 'f',
  title: 'F',
  help: '',
  unit: 'count' as const,
  value: 5,
  own_normal: 1,
  store_low: 0,
  store_median: 1,
  store_high: 3,
  peer_median: 1,
  peer_p95: 4,
  percentile: 0.99,
}

describe('measures', () => {
  it('stands out only above store and peers', () => {
    expect(isOutside(measure)).toBe(true)
    expect(isOutside({ ...measure, value: 4 })).toBe(false)
    expect(isOutside({ ...measure, peer_p95: null })).toBe(true)
    expect(isOutside({ ...measure, peer_p95: null, store_high: null })).toBe(false)
    expect(isOutside({ ...measure, value: null })).toBe(false)
  })

  it('scales to the largest figure, and never to zero', () => {
    expect(scaleMax(measure)).toBe(5)
    expect(
      scaleMax({ ...measure, value: 0, own_normal: 0, store_high: 0, peer_median: 0, peer_p95: 0 }),
    ).toBe(1)
  })
})

describe('labels', () => {
  it('reads well', () => {
    expect(label('post_void')).toBe('Post-void')
    expect(label('gift_card')).toBe('Gift card')
  })
})
