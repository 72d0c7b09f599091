// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { paramsFromView, queryFromView, unitOf, viewFromParams } from './view'

const read = (search: string) => viewFromParams(new URLSearchParams(search))

describe('the view of the dashboard', () => {
  it('is undone and done again by the address', () => {
    for (const search of [
      '',
      'days=7&region=North&unit=week&by=signal&team=assignee',
      'from=2026-01-01&to=2026-02-28&store_id=S-001&scheme=post_void&type=TIME&measure=money',
    ]) {
      const again = paramsFromView(read(search))
      again.sort()
      const wanted = new URLSearchParams(search)
      wanted.sort()
      expect(again.toString()).toBe(wanted.toString())
    }
  })

  it('drops what it does not know', () => {
    expect(read('type=NONE&measure=x&by=store&unit=year&days=-1')).toEqual(read(''))
  })

  it('asks the server for its own default, else from a day on', () => {
    expect(queryFromView(read('region=North'), null)).toEqual({ region: 'North' })
    expect(queryFromView(read('days=7'), null)).toBeNull()
    expect(queryFromView(read('days=7'), '2026-03-07')).toMatchObject({ from: '2026-03-01' })
    expect(queryFromView(read('from=2026-02-01&to=2026-02-28'), null)).toMatchObject({
      from: '2026-02-01',
      to: '2026-03-01',
    })
  })

  it('draws long periods in longer steps', () => {
    expect(['', 'days=91', 'days=364', 'days=364&unit=day'].map((s) => unitOf(read(s)))).toEqual([
      'day',
      'week',
      'month',
      'day',
    ])
  })
})
