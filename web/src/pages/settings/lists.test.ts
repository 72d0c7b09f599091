// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { moveUp, replaceAt, withoutAt } from './lists'

describe('lists of settings', () => {
  const items = ['a', 'b', 'c']

  it('change one place and leave what they were given', () => {
    expect(replaceAt(items, 1, 'x')).toEqual(['a', 'x', 'c'])
    expect(withoutAt(items, 0)).toEqual(['b', 'c'])
    expect(moveUp(items, 2)).toEqual(['a', 'c', 'b'])
    expect(moveUp(items, 0)).toEqual(items)
    expect(items).toEqual(['a', 'b', 'c'])
  })
})
