// SPDX-License-Identifier: Apache-2.0
//
// Figures against own normal, store and peers: a table whose second column is a chart over all rows.
import { Button } from '@mantine/core'
import { useState } from 'react'
import type { PeerMeasure } from '../api/client'
import { PeerChart } from '../charts/lazy'
import { formatPercentile, formatValue } from '../lib/format'
import { isOutside } from '../lib/peers'
import { Panel } from './Panel'
import styles from './PeerPanel.module.css'
import { Help } from './Tags'

interface Props {
  title: string
  measures: PeerMeasure[]
  currency: string
  // How many measures are shown at first; the server puts the most telling ones first.
  shownN?: number
}

const rowHeight = 28

const legend = [
  ['now', 'Now'],
  ['own', 'Own normal'],
  ['store', 'Store range and median'],
  ['peer', 'Peer median'],
  ['p95', '95 % of peers'],
] as const

export function PeerPanel({ title, measures, currency, shownN = 10 }: Props) {
  const [isAll, setAll] = useState(false)
  const shown = isAll ? measures : measures.slice(0, shownN)
  const toggle = measures.length > shownN && (
    <Button
      variant="subtle"
      size="compact-sm"
      fz="xs"
      aria-expanded={isAll}
      onClick={() => setAll(!isAll)}
    >
      {isAll ? 'Show fewer' : `Show all ${measures.length}`}
    </Button>
  )
  return (
    <Panel title={title} aside={toggle}>
      {measures.length === 0 ? (
        <p className={styles.empty}>There is too little history to compare with.</p>
      ) : (
        <div className={styles.host}>
          <div className={styles.legend} aria-hidden="true">
            {legend.map(([kind, text]) => (
              <span key={kind}>
                <i className={styles.glyph} data-kind={kind} />
                {text}
              </span>
            ))}
          </div>
          <PeerGrid measures={shown} currency={currency} />
        </div>
      )}
    </Panel>
  )
}

const columnHelp = {
  own: 'What is usual for this employee, card or store itself',
  peers: 'The median of the same role in stores of the same format',
  higher: 'The share of peers that have less',
}

function PeerGrid({ measures, currency }: Pick<Props, 'measures' | 'currency'>) {
  return (
    <div className={styles.grid}>
      <div role="table" aria-label="Comparison" className={styles.rows}>
        <div className={styles.head} role="row">
          <span role="columnheader" className={styles.title}>
            Measure
          </span>
          <span role="columnheader" className={`${styles.figure} ${styles.value}`}>
            Now
          </span>
          <span role="columnheader" className={`${styles.figure} ${styles.own}`}>
            <Help text={columnHelp.own}>Own</Help>
          </span>
          <span role="columnheader" className={`${styles.figure} ${styles.peers}`}>
            <Help text={columnHelp.peers}>Peers</Help>
          </span>
          <span role="columnheader" className={`${styles.figure} ${styles.above}`}>
            <Help text={columnHelp.higher}>Above</Help>
          </span>
        </div>
        {measures.map((measure, index) => (
          <PeerRow key={measure.feature} measure={measure} currency={currency} row={index + 2} />
        ))}
      </div>
      <div className={styles.chart} style={{ gridRow: `2 / span ${measures.length}` }}>
        <PeerChart
          measures={measures}
          currency={currency}
          rowHeight={rowHeight}
          height={rowHeight * measures.length}
        />
      </div>
    </div>
  )
}

interface RowProps {
  measure: PeerMeasure
  currency: string
  row: number
}

function PeerRow({ measure, currency, row }: RowProps) {
  const show = (value: number | null) => formatValue(value, measure.unit, currency)
  const figure = `${styles.cell} ${styles.figure}`
  const style = { gridRow: row }
  return (
    <div role="row" className={styles.row}>
      <span role="rowheader" className={`${styles.cell} ${styles.title}`} style={style}>
        <Help text={measure.help}>{measure.title}</Help>
      </span>
      <span
        role="cell"
        className={`${figure} ${styles.value}`}
        data-outside={isOutside(measure) || undefined}
        style={style}
      >
        {show(measure.value)}
      </span>
      <span role="cell" className={`${figure} ${styles.own} muted`} style={style}>
        {show(measure.own_normal)}
      </span>
      <span role="cell" className={`${figure} ${styles.peers} muted`} style={style}>
        {show(measure.peer_median)}
      </span>
      <span role="cell" className={`${figure} ${styles.above} muted`} style={style}>
        {measure.percentile === null ? '–' : formatPercentile(measure.percentile)}
      </span>
    </div>
  )
}
