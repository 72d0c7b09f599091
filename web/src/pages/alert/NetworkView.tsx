// SPDX-License-Identifier: Apache-2.0
//
// The network of what an alert shares, drawn, and the same ties as a table.
import { useCallback, useMemo } from 'react'
import { Link, useNavigate } from 'react-router-dom'
import type { Related } from '../../api/client'
import type {
  NetworkChartLink,
  NetworkChartNode,
  NetworkSymbol,
  NetworkTone,
} from '../../charts/NetworkChart'
import { NetworkChart } from '../../charts/lazy'
import lists from '../../components/Lists.module.css'
import { shortToken } from '../../lib/entity'
import { formatCount, formatMoney } from '../../lib/format'
import { t } from '../../lib/i18n'
import styles from './Network.module.css'
import {
  type Network,
  type NetworkLink,
  type NodeKind,
  laneN,
  networkOf,
  nodeAddress,
  splitId,
  tiesOf,
} from './network'

const laneMax = 12
const rowPx = 42

const looks: Record<NodeKind, { symbol: NetworkSymbol; tone: NetworkTone }> = {
  ALERT: { symbol: 'pin', tone: 'bad' },
  CARD: { symbol: 'diamond', tone: 'warn' },
  CUSTOMER: { symbol: 'triangle', tone: 'good' },
  RECEIPT: { symbol: 'rect', tone: 'mark' },
  ITEM: { symbol: 'triangle', tone: 'mark' },
  EMPLOYEE: { symbol: 'circle', tone: 'accent' },
  STORE: { symbol: 'roundRect', tone: 'muted' },
}
const kinds = Object.keys(looks) as NodeKind[]

const isToken = (kind: NodeKind) => kind === 'CARD' || kind === 'CUSTOMER'
const shortOf = (kind: NodeKind, key: string) => (isToken(kind) ? shortToken(key) : key)
const nameOf = ({ kind, key }: { kind: NodeKind; key: string }) =>
  t(`alert:elsewhere.${kind}`, { id: shortOf(kind, key) })

const detailsOf = (link: NetworkLink): [string, string][] => [
  [t('alert:elsewhere.transactions'), formatCount(link.transactions)],
  ...(link.amount
    ? [[t('alert:elsewhere.amount'), formatMoney(link.amount)] satisfies [string, string]]
    : []),
]

// With a focus, what is not tied to it steps back.
function drawn({ nodes, links }: Network, focusId: string | null) {
  const isNear = (from: string, to: string) => !focusId || from === focusId || to === focusId
  const near = new Set(
    links.filter(({ from, to }) => isNear(from, to)).flatMap(({ from, to }) => [from, to]),
  )
  return {
    nodes: nodes.map((node): NetworkChartNode => ({
      ...looks[node.kind],
      id: node.id,
      name: nameOf(node),
      // Ids of alerts begin alike.
      shortName: node.kind === 'ALERT' ? shortToken(node.key) : shortOf(node.kind, node.key),
      isMarked: node.isGuilty,
      isDimmed: focusId !== null && !near.has(node.id),
      lane: node.lane,
      row: node.row,
      details: [[t('alert:elsewhere.transactions'), formatCount(node.transactions)]],
    })),
    links: links.map((link): NetworkChartLink => ({
      from: link.from,
      to: link.to,
      weight: link.transactions,
      isDimmed: !isNear(link.from, link.to),
      details: detailsOf(link),
    })),
  }
}

interface Props {
  alertId: string
  related: Related
  // The node whose ties are in hand; null for all.
  focusId: string | null
}

export function NetworkView({ alertId, related, focusId }: Props) {
  const navigate = useNavigate()
  const network = useMemo(() => networkOf(related, alertId, laneMax), [related, alertId])
  const { nodes, links } = useMemo(() => drawn(network, focusId), [network, focusId])
  const open = useCallback((id: string) => navigate(nodeAddress(splitId(id))), [navigate])
  const present = kinds.filter((kind) => network.nodes.some((node) => node.kind === kind))
  return (
    <>
      <ul className={styles.legend} aria-hidden="true">
        {present.map((kind) => (
          <li key={kind}>
            <Mark symbol={looks[kind].symbol} tone={looks[kind].tone} />
            {t(`alert:elsewhere.kind.${kind}`)}
          </li>
        ))}
        <li>
          <i className={styles.ring} />
          {t('alert:elsewhere.guilty')}
        </li>
      </ul>
      <NetworkChart
        title={t('alert:elsewhere.graph', {
          nodes: t('alert:elsewhere.nodes', { count: nodes.length }),
          links: t('alert:elsewhere.links', { count: links.length }),
        })}
        nodes={nodes}
        links={links}
        lanes={laneN}
        rows={network.rows}
        height={Math.max(network.rows, 3) * rowPx + 8}
        onPick={open}
      />
      {network.hidden > 0 && (
        <p className={styles.note}>{t('alert:elsewhere.hidden', { count: network.hidden })}</p>
      )}
      <TieTable ties={tiesOf(related, alertId)} />
    </>
  )
}

const outlines: Record<NetworkSymbol, string> = {
  circle: 'M5 0a5 5 0 1 0 0 10a5 5 0 1 0 0-10z',
  rect: 'M0 1h10v8H0z',
  roundRect:
    'M2.5 0h5a2.5 2.5 0 0 1 2.5 2.5v5a2.5 2.5 0 0 1-2.5 2.5h-5a2.5 2.5 0 0 1-2.5-2.5v-5a2.5 2.5 0 0 1 2.5-2.5z',
  diamond: 'M5 0l5 5l-5 5l-5-5z',
  triangle: 'M5 0l5 10H0z',
  pin: 'M5 0a3.5 3.5 0 0 1 3.5 3.5c0 2.5-3.5 6.5-3.5 6.5s-3.5-4-3.5-6.5a3.5 3.5 0 0 1 3.5-3.5z',
}

function Mark({ symbol, tone }: { symbol: NetworkSymbol; tone: NetworkTone }) {
  return (
    <svg viewBox="0 0 10 10" width={11} height={11}>
      <path d={outlines[symbol]} fill={`var(--tw-${tone})`} />
    </svg>
  )
}

function NodeLink({ id }: { id: string }) {
  const node = splitId(id)
  return <Link to={nodeAddress(node)}>{nameOf(node)}</Link>
}

function TieTable({ ties }: { ties: NetworkLink[] }) {
  return (
    <details className={styles.ties}>
      <summary>{t('alert:elsewhere.table')}</summary>
      <div
        className={lists.scroll}
        tabIndex={0}
        role="group"
        aria-label={t('alert:elsewhere.table')}
      >
        <table className={lists.table}>
          <thead>
            <tr>
              <th scope="col">{t('alert:elsewhere.from')}</th>
              <th scope="col">{t('alert:elsewhere.to')}</th>
              <th scope="col" className={lists.figure}>
                {t('alert:elsewhere.transactions')}
              </th>
              <th scope="col" className={lists.figure}>
                {t('alert:elsewhere.amount')}
              </th>
            </tr>
          </thead>
          <tbody>
            {ties.map((tie) => (
              <tr key={`${tie.from} ${tie.to}`}>
                <td>
                  <NodeLink id={tie.from} />
                </td>
                <td>
                  <NodeLink id={tie.to} />
                </td>
                <td className={lists.figure}>{formatCount(tie.transactions)}</td>
                <td className={lists.figure}>{tie.amount ? formatMoney(tie.amount) : '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}
