// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import type { Related } from '../../api/client'
import { networkOf, nodeAddress, splitId, tiesOf } from './network'

const money = { amount: '10.00', currency: 'USD' }

function transaction(id: string, store: string, employee: string, alert: string | null) {
  return {
    transaction_id: id,
    time: '2026-02-01T10:00:00Z',
    store_id: store,
    register_id: 'R1',
    employee_id: employee,
    type: 'return' as const,
    payment_type: 'credit' as const,
    total: money,
    risk_score: 0.5,
    alert_id: alert,
  }
}

const node = (
  kind: Related['nodes'][number]['kind'],
  key: string,
  n: number,
  isSubject = false,
) => ({
  id: `${kind}/${key}`,
  kind,
  key,
  transactions: n,
  is_subject: isSubject,
})
const link = (from: string, to: string, transactions: number) => ({
  from,
  to,
  transactions,
  amount: money,
})

const shared = {
  kind: 'CARD' as const,
  id: 'tok/1',
  own_n: 2,
  other_n: 3,
  stores: 2,
  employees: 2,
  first_time: null,
  last_time: null,
  transactions: [
    transaction('t1', 'S1', 'E1', 'A-2'),
    transaction('t2', 'S2', 'E2', 'A-2'),
    transaction('t3', 'S2', 'E2', null),
  ],
}

const related: Related = {
  shared: [shared, { ...shared, kind: 'ITEM', id: 'alone', other_n: 0, transactions: [] }],
  nodes: [
    node('EMPLOYEE', 'E1', 3, true),
    node('CARD', 'tok/1', 5),
    node('STORE', 'S1', 3),
    node('EMPLOYEE', 'E2', 2),
    node('STORE', 'S2', 2),
  ],
  links: [
    link('EMPLOYEE/E1', 'CARD/tok/1', 3),
    link('EMPLOYEE/E1', 'STORE/S1', 3),
    link('EMPLOYEE/E2', 'CARD/tok/1', 2),
    link('EMPLOYEE/E2', 'STORE/S2', 2),
  ],
  similar: [],
}

describe('networkOf', () => {
  it('adds the alerts and marks this one and whom it is about', () => {
    const { nodes, links, hidden } = networkOf(related, 'A-1', 12)
    expect(nodes.filter((item) => item.kind === 'ALERT').map((item) => item.key)).toEqual(
      expect.arrayContaining(['A-1', 'A-2']),
    )
    expect(
      nodes
        .filter((item) => item.isGuilty)
        .map((item) => item.id)
        .sort(),
    ).toEqual(['ALERT/A-1', 'EMPLOYEE/E1'])
    expect(links).toContainEqual({
      from: 'ALERT/A-2',
      to: 'CARD/tok/1',
      transactions: 2,
      amount: null,
    })
    expect(hidden).toBe(0)
  })

  it('joins only neighbouring lanes', () => {
    const { nodes, links } = networkOf(related, 'A-1', 12)
    const lanes = new Map(nodes.map((item) => [item.id, item.lane]))
    for (const { from, to } of links)
      expect(Math.abs((lanes.get(from) ?? 9) - (lanes.get(to) ?? 0))).toBe(1)
  })

  it('puts tied nodes at the same height', () => {
    const swapped = { ...related, nodes: [...related.nodes].reverse() }
    for (const answer of [related, swapped]) {
      const rows = new Map(networkOf(answer, 'A-1', 12).nodes.map((item) => [item.id, item.row]))
      expect(rows.get('EMPLOYEE/E1')).toBe(rows.get('STORE/S1'))
      expect(rows.get('EMPLOYEE/E2')).toBe(rows.get('STORE/S2'))
      expect(rows.get('EMPLOYEE/E1')).not.toBe(rows.get('EMPLOYEE/E2'))
    }
  })

  it('keeps the guilty ones when a lane is full, and says how many it left out', () => {
    const many = {
      ...related,
      nodes: [...related.nodes, node('EMPLOYEE', 'E3', 99), node('EMPLOYEE', 'E4', 98)],
    }
    const { nodes, links, hidden, rows } = networkOf(many, 'A-1', 1)
    expect(nodes.map((item) => item.id).sort()).toEqual([
      'ALERT/A-1',
      'CARD/tok/1',
      'EMPLOYEE/E1',
      'STORE/S1',
    ])
    expect(links.every(({ from }) => from !== 'EMPLOYEE/E2' && from !== 'ALERT/A-2')).toBe(true)
    expect(hidden).toBe(5)
    expect(rows).toBe(1)
  })
})

describe('tiesOf', () => {
  it('has every tie, the heaviest first, and nothing of what is nowhere else', () => {
    const ties = tiesOf(related, 'A-1')
    expect(ties).toHaveLength(6)
    expect(ties[0]?.transactions).toBe(3)
    expect(ties.some(({ to }) => to === 'ITEM/alone')).toBe(false)
  })
})

describe('nodeAddress', () => {
  it('leads to the page of the node', () => {
    expect(splitId('CARD/tok/1')).toEqual({ kind: 'CARD', key: 'tok/1' })
    expect(nodeAddress(splitId('CARD/tok/1'))).toBe('/cards/tok%2F1')
    expect(nodeAddress({ kind: 'ALERT', key: 'A-1' })).toBe('/alerts/A-1')
    expect(nodeAddress({ kind: 'RECEIPT', key: 't1' })).toBe('/transactions/t1')
  })
})
