// SPDX-License-Identifier: Apache-2.0
//
// Champion against challenger: the gate's decision with its reasons, on the same later days.
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Check, X } from 'lucide-react'
import type { GateDecision, Interval, Model } from '../../api/client'
import { modelQuery } from '../../api/queries'
import { IntervalBar, IntervalText } from '../../components/Intervals'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { asSentence, formatCount, formatPercent, formatTime } from '../../lib/format'
import { label } from '../../lib/vocabulary'
import type { Wanted } from './ModelsPage'
import styles from './Models.module.css'

interface Props {
  champion: Model
  challenger: Model
  mayChange: boolean
  onWanted: (wanted: Wanted) => void
}

export function VersusPanel({ champion, challenger, mayChange, onWanted }: Props) {
  const { data } = useQuery(modelQuery(challenger.id))
  const gate = data?.gate
  return (
    <Panel
      title="Champion and challenger"
      aside={
        mayChange && (
          <span className={styles.asideActions}>
            <Button
              size="compact-sm"
              fz="xs"
              variant="default"
              onClick={() => onWanted({ action: 'archive', model: challenger })}
            >
              Withdraw
            </Button>
            <Button
              size="compact-sm"
              fz="xs"
              onClick={() => onWanted({ action: 'promote', model: challenger })}
            >
              Promote
            </Button>
          </span>
        )
      }
    >
      <div className={styles.names}>
        <span data-tone="own">
          <i /> Champion <b className={styles.id}>{champion.id}</b>
        </span>
        <span data-tone="other">
          <i /> Challenger <b className={styles.id}>{challenger.id}</b>
        </span>
      </div>
      {gate ? (
        <Gate gate={gate} />
      ) : (
        <p className={styles.quiet}>
          The gate has not judged this challenger; it was imported, or there are too few verdicts.
        </p>
      )}
    </Panel>
  )
}

function Gate({ gate }: { gate: GateDecision }) {
  const isJudged = gate.challenger_ap.value !== null
  return (
    <>
      <p className={styles.decision} data-promote={gate.promote}>
        {gate.promote ? <Check size={16} aria-hidden="true" /> : <X size={16} aria-hidden="true" />}
        <span>
          <b>{gate.promote ? 'The gate promotes.' : 'The gate does not promote.'}</b>{' '}
          {asSentence(gate.reason)}
        </span>
      </p>
      {isJudged && (
        <div className={styles.versus}>
          <div>
            <Pair name="Average precision" own={gate.champion_ap} other={gate.challenger_ap} />
            <Pair
              name="Precision at equal budget"
              own={gate.champion_precision}
              other={gate.challenger_precision}
            />
            <GateFacts gate={gate} />
          </div>
          {gate.schemes.length > 0 && <Schemes gate={gate} />}
        </div>
      )}
    </>
  )
}

function Pair({ name, own, other }: { name: string; own: Interval; other: Interval }) {
  return (
    <div className={styles.pair}>
      <h3>{name}</h3>
      <span className="sr">Champion</span>
      <IntervalBar interval={own} tone="own" />
      <IntervalText interval={own} />
      <span className="sr">Challenger</span>
      <IntervalBar interval={other} tone="other" />
      <IntervalText interval={other} />
    </div>
  )
}

function GateFacts({ gate }: { gate: GateDecision }) {
  const facts: [string, string | null][] = [
    [
      'Difference of average precision',
      gate.difference.value === null
        ? null
        : `${gate.difference.value >= 0 ? '+' : ''}${gate.difference.value.toFixed(3)} (${(gate.difference.low ?? 0).toFixed(3)} to ${(gate.difference.high ?? 0).toFixed(3)})`,
    ],
    [
      'False alerts at equal recall',
      gate.false_at_equal_recall === null
        ? null
        : `${formatPercent(gate.false_at_equal_recall)} of the champion’s`,
    ],
    [
      'Resamples in which it was not worse',
      gate.share_better === null ? null : formatPercent(gate.share_better),
    ],
    [
      'Judged on',
      gate.rows === null
        ? null
        : `${formatCount(gate.rows)} decided, ${formatCount(gate.positive ?? 0)} of them fraud`,
    ],
    [
      'Later days',
      gate.from && gate.to
        ? `${formatTime(gate.from, 'monthDay')} to ${formatTime(gate.to, 'monthDay')}`
        : null,
    ],
    ['Each may flag', gate.budget === null ? null : formatCount(gate.budget)],
  ]
  return (
    <dl className={styles.gateFacts}>
      {facts.map(([name, value]) =>
        value === null ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  )
}

function Schemes({ gate }: { gate: GateDecision }) {
  const share = (value: number | null) => (value === null ? '–' : formatPercent(value))
  const falls = (own: number | null, other: number | null) =>
    own !== null && other !== null && other < own
  return (
    <table className={lists.table}>
      <caption className="sr">Recall by scheme at equal budget</caption>
      <thead>
        <tr>
          <th scope="col">Recall by scheme</th>
          <th scope="col" className={lists.figure}>
            Cases
          </th>
          <th scope="col" className={lists.figure}>
            Champion
          </th>
          <th scope="col" className={lists.figure}>
            Challenger
          </th>
        </tr>
      </thead>
      <tbody>
        {gate.schemes.map((scheme) => (
          <tr key={scheme.scheme}>
            <td>{label(scheme.scheme)}</td>
            <td className={lists.figure}>{formatCount(scheme.n)}</td>
            <td className={lists.figure}>{share(scheme.champion_recall)}</td>
            <td
              className={lists.figure}
              data-falls={falls(scheme.champion_recall, scheme.challenger_recall) || undefined}
            >
              {share(scheme.challenger_recall)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
