// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { fields, paramsOf, requestFromValues, usedFields, valuesFromParams } from './fields'

const read = (search: string) => valuesFromParams(new URLSearchParams(search))

describe('the address of a search', () => {
  it('becomes a request', () => {
    const values = read(
      'text=video&store_id=S-1&type=return,void&amount_from=50&from=2026-02-01&hour_from=22&hour_to=6&risk_from=0.8&alerted=true',
    )
    expect(requestFromValues(values)).toEqual({
      text: 'video',
      store_id: 'S-1',
      type: ['return', 'void'],
      amount_from: '50',
      from: '2026-02-01',
      hour_from: 22,
      hour_to: 6,
      risk_from: 0.8,
      alerted: true,
    })
    expect(usedFields(values).map(({ name }) => name)).toEqual([
      'dates',
      'store_id',
      'type',
      'amount',
      'risk',
      'alerted',
      'hours',
    ])
  })

  it('drops what no search has', () => {
    const search =
      'type=theft&amount_from=-1&from=yesterday&hour_from=25&risk_to=2&alerted=perhaps&limit=9&cols=time'
    expect(read(search)).toEqual({})
  })

  it('keeps the good ones of a list', () => {
    expect(read('type=return,theft')).toEqual({ type: 'return' })
  })
})

describe('the table of fields', () => {
  it('has each parameter once', () => {
    const names = fields.flatMap(paramsOf)
    expect(new Set(names).size).toBe(names.length)
  })
})
