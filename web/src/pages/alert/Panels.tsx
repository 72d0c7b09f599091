// SPDX-License-Identifier: Apache-2.0
import type { CSSProperties } from 'react'
import type { AlertDetail, SimilarOutcomes } from '../../api/client'
import { Panel } from '../../components/Panel'
import { formatCount, formatPercent, formatRisk } from '../../lib/format'
import styles from './AlertPage.module.css'

export function ReasonsPanel({ reasons }: { reasons: AlertDetail['reasons'] }) {
  return (
    <Panel title="Why it was raised">
      {reasons.map((reason) => (
        <div key={reason.signal} className={styles.reason}>
          <b>{reason.title}</b>
          <span className={styles.strength} title="Strength of the signal, 0 to 1">
            <i style={{ '--share': `${reason.strength * 100}%` } as CSSProperties} />
            {formatRisk(reason.strength)}
          </span>
          <p>{reason.sentence}.</p>
        </div>
      ))}
    </Panel>
  )
}

const outcomeKinds = ['confirmed', 'refuted', 'operational', 'inconclusive'] as const

export function OutcomesPanel({ similar, title }: { similar: SimilarOutcomes; title: string }) {
  const decidedN = outcomeKinds.reduce((sum, kind) => sum + similar[kind], 0)
  return (
    <Panel title="What similar alerts turned out to be" aside={`${formatCount(similar.open)} open`}>
      {decidedN === 0 ? (
        <p className={styles.quiet}>None of “{title}” has been decided yet.</p>
      ) : (
        <>
          <div className={styles.rate}>
            Confirmed in {formatCount(similar.confirmed)} of {formatCount(decidedN)} decided
            {decidedN >= 5 && ` (${formatPercent(similar.confirmed / decidedN)})`}
          </div>
          <div className={styles.outcome} aria-hidden="true">
            {outcomeKinds.map(
              (kind) =>
                similar[kind] > 0 && (
                  <i key={kind} data-kind={kind} style={{ flex: similar[kind] }} />
                ),
            )}
          </div>
          <ul className={styles.outcomes}>
            {outcomeKinds.map((kind) => (
              <li key={kind}>
                <b>{formatCount(similar[kind])}</b> {kind}
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  )
}
