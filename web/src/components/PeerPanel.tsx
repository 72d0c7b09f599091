// SPDX-License-Identifier: Apache-2.0
//
// Figures against own normal, store and peers: a table whose second column is a chart over all rows.
import { Button } from '@mantine/core'
import { useState } from 'react'
import type { PeerMeasure } from '../api/client'
import { PeerChart } from '../charts/lazy'
import { formatCount, formatPercentile, formatValue } from '../lib/format'
import { t } from '../lib/i18n'
import { isOutside } from '../lib/peers'
import { serverText } from '../lib/serverText'
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

const rowHeight = 34 // a title of two lines; as in the style sheet

const legend = [
  ['now', 'peers.now'],
  ['own', 'peers.ownNormal'],
  ['store', 'peers.storeRange'],
  ['peer', 'peers.peerMedian'],
  ['p95', 'peers.peer95'],
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
      {isAll ? t('actions.showFewer') : t('actions.showAll', { n: formatCount(measures.length) })}
    </Button>
  )
  return (
    <Panel title={title} aside={toggle}>
      {measures.length === 0 ? (
        <p className={styles.empty}>{t('peers.none')}</p>
      ) : (
        <div className={styles.host}>
          <div className={styles.legend} aria-hidden="true">
            {legend.map(([kind, text]) => (
              <span key={kind}>
                <i className={styles.glyph} data-kind={kind} />
                {t(text)}
              </span>
            ))}
          </div>
          <PeerGrid measures={shown} currency={currency} />
        </div>
      )}
    </Panel>
  )
}

function PeerGrid({ measures, currency }: Pick<Props, 'measures' | 'currency'>) {
  return (
    <div className={styles.grid}>
      <div role="table" aria-label={t('peers.table')} className={styles.rows}>
        <div className={styles.head} role="row">
          <span role="columnheader" className={styles.title}>
            {t('peers.measure')}
          </span>
          <span role="columnheader" className={`${styles.figure} ${styles.value}`}>
            {t('peers.now')}
          </span>
          <span role="columnheader" className={`${styles.figure} ${styles.own}`}>
            <Help text={t('peers.ownHelp')}>{t('peers.own')}</Help>
          </span>
          <span role="columnheader" className={`${styles.figure} ${styles.peers}`}>
            <Help text={t('peers.peersHelp')}>{t('peers.peers')}</Help>
          </span>
          <span role="columnheader" className={`${styles.figure} ${styles.above}`}>
            <Help text={t('peers.aboveHelp')}>{t('peers.above')}</Help>
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
        <Help text={serverText(measure.help)}>{serverText(measure.title)}</Help>
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
