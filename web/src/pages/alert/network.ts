// SPDX-License-Identifier: Apache-2.0
//
// Who is tied to whom through what an alert shares with others: alerts, the things shared, employees,
// stores, as lanes beside each other. Every link joins two neighbouring lanes, and the same answer is
// always laid out the same way.
import type { Related } from '../../api/client'
import {
  alertAddress,
  cardAddress,
  customerAddress,
  employeeAddress,
  itemAddress,
  storeAddress,
  transactionAddress,
} from '../../lib/address'

export type NodeKind = Related['nodes'][number]['kind'] | 'ALERT'
export type Money = Related['links'][number]['amount']

export interface NetworkNode {
  id: string
  kind: NodeKind
  key: string
  transactions: number
  // The alert in hand, and whom it is about.
  isGuilty: boolean
  lane: number
  // From the top of its lane, in rows.
  row: number
}

export interface NetworkLink {
  from: string
  to: string
  transactions: number
  // Null of an alert's tie to what it shares: its receipts are summed at the alert.
  amount: Money | null
}

export interface Network {
  nodes: NetworkNode[]
  links: NetworkLink[]
  // Of the longest lane.
  rows: number
  // Nodes that found no room.
  hidden: number
}

type Tie = Pick<NetworkLink, 'from' | 'to' | 'transactions' | 'amount'>
type Raw = Omit<NetworkNode, 'lane' | 'row'>

const lanes: Record<NodeKind, number> = {
  ALERT: 0,
  CARD: 1,
  CUSTOMER: 1,
  RECEIPT: 1,
  ITEM: 1,
  EMPLOYEE: 2,
  STORE: 3,
}

export const laneN = 4

const addresses: Record<NodeKind, (key: string) => string> = {
  ALERT: alertAddress,
  CARD: cardAddress,
  CUSTOMER: customerAddress,
  RECEIPT: transactionAddress,
  ITEM: itemAddress,
  EMPLOYEE: employeeAddress,
  STORE: storeAddress,
}

export const nodeAddress = ({ kind, key }: Pick<NetworkNode, 'kind' | 'key'>) =>
  addresses[kind](key)

// The alerts, which the answer tells by transaction: this one and those of the others.
function alertTies(related: Related, alertId: string): { nodes: Raw[]; links: Tie[] } {
  const nodes = new Map<string, Raw>()
  const links = new Map<string, Tie>()
  const known = new Set(related.nodes.map((node) => node.id))
  const tie = (key: string, to: string, transactions: number) => {
    const id = `ALERT/${key}`
    const node = nodes.get(id) ?? {
      id,
      kind: 'ALERT',
      key,
      transactions: 0,
      isGuilty: key === alertId,
    }
    const link = links.get(`${id} ${to}`) ?? { from: id, to, transactions: 0, amount: null }
    nodes.set(id, { ...node, transactions: node.transactions + transactions })
    links.set(`${id} ${to}`, { ...link, transactions: link.transactions + transactions })
  }
  for (const shared of related.shared) {
    const to = `${shared.kind}/${shared.id}`
    if (!known.has(to)) continue
    tie(alertId, to, shared.own_n)
    for (const { alert_id: other } of shared.transactions)
      if (other && other !== alertId) tie(other, to, 1)
  }
  return { nodes: [...nodes.values()], links: [...links.values()] }
}

const weightiest = (a: Raw, b: Raw) =>
  Number(b.isGuilty) - Number(a.isGuilty) ||
  b.transactions - a.transactions ||
  (a.id < b.id ? -1 : 1)

// Neighbours at the same height cross fewer links.
function untangle(columns: Raw[][], links: Tie[]) {
  const heights = new Map<string, number>()
  const note = (column: Raw[]) =>
    column.forEach((node, index) => heights.set(node.id, (index + 0.5) / column.length))
  columns.forEach(note)
  for (const lane of [2, 3, 1, 0, 2, 3]) {
    const aim = new Map<string, number>()
    for (const node of columns[lane] ?? []) {
      const near = links.flatMap(({ from, to }) =>
        from === node.id ? [to] : to === node.id ? [from] : [],
      )
      const sum = near.reduce((total, id) => total + (heights.get(id) ?? 0.5), 0)
      aim.set(node.id, near.length > 0 ? sum / near.length : 0.5)
    }
    columns[lane]?.sort((a, b) => (aim.get(a.id) ?? 0) - (aim.get(b.id) ?? 0) || weightiest(a, b))
    note(columns[lane] ?? [])
  }
}

export function networkOf(related: Related, alertId: string, laneMax: number): Network {
  const alerts = alertTies(related, alertId)
  const nodes: Raw[] = related.nodes.map(({ is_subject, ...node }) => ({
    ...node,
    isGuilty: is_subject,
  }))
  nodes.push(...alerts.nodes)
  const columns = Array.from({ length: laneN }, (_, lane) =>
    nodes
      .filter((node) => lanes[node.kind] === lane)
      .sort(weightiest)
      .slice(0, laneMax),
  )
  const shown = new Set(columns.flat().map((node) => node.id))
  const links = [...alerts.links, ...related.links].filter(
    ({ from, to }) => shown.has(from) && shown.has(to),
  )
  untangle(columns, links)
  const rows = Math.max(1, ...columns.map((column) => column.length))
  const placed = columns.flatMap((column, lane) =>
    column.map((node, index) => ({ ...node, lane, row: ((index + 0.5) / column.length) * rows })),
  )
  return { nodes: placed, links, rows, hidden: nodes.length - placed.length }
}

// All ties, whether drawn or not, the heaviest first.
export function tiesOf(related: Related, alertId: string): NetworkLink[] {
  return [...alertTies(related, alertId).links, ...related.links].sort(
    (a, b) => b.transactions - a.transactions,
  )
}

// "CARD/tok_1" in two; keys may have slashes.
export function splitId(id: string): { kind: NodeKind; key: string } {
  const cut = id.indexOf('/')
  return { kind: id.slice(0, cut) as NodeKind, key: id.slice(cut + 1) }
}
