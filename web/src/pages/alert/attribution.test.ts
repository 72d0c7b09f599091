// SPDX-License-Identifier: Apache-2.0
import { beforeAll, describe, expect, it } from 'vitest'
import type { Attribution } from '../../api/client'
import { loadNamespaces } from '../../lib/i18n'
import { attributionText } from './attribution'

const item: Attribution = {
  input: 'emp_no_receipt_n_28d',
  title: 'Refunds without a receipt',
  help: '',
  unit: 'count',
  value: 14,
  contribution: 1.2,
  peer: { own: 2, store_median: null, peer_median: 1 },
}

beforeAll(() => loadNamespaces(['alert']))

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
