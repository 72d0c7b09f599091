// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { filtersFrom, isNarrowed, paramsFrom, queryFrom } from './filters'

const read = (text: string) => filtersFrom(new URLSearchParams(text))

describe('filters of the cases', () => {
  it('live in the address', () => {
    const text = 'state=CLOSED&owner=me&region=North&q=refund'
    expect(paramsFrom(read(text)).toString()).toBe(text)
    expect(paramsFrom(read('')).toString()).toBe('')
    expect(read('state=OLD').state).toBe('ACTIVE')
  })

  it('leave out what is not set', () => {
    expect(JSON.parse(JSON.stringify(queryFrom(read('state=ALL&q=%20'))))).toEqual({})
    expect(queryFrom(read(''))).toMatchObject({ state: 'ACTIVE' })
  })

  it('narrow the list apart from the state', () => {
    expect([read('state=CLOSED'), read('owner=me'), read('q=x')].map(isNarrowed)).toEqual([
      false,
      true,
      true,
    ])
  })
})
