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
import { asSentence, formatCount, formatPercent, formatSigned, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
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
      title={t('models:versus.title')}
      aside={
        mayChange && (
          <span className={styles.asideActions}>
            <Button
              size="compact-sm"
              fz="xs"
              variant="default"
              onClick={() => onWanted({ action: 'archive', model: challenger })}
            >
              {t('models:withdraw')}
            </Button>
            <Button
              size="compact-sm"
              fz="xs"
              onClick={() => onWanted({ action: 'promote', model: challenger })}
            >
              {t('models:promote')}
            </Button>
          </span>
        )
      }
    >
      <div className={styles.names}>
        <span data-tone="own">
          <i /> {t('models:state.champion')} <b className={styles.id}>{champion.id}</b>
        </span>
        <span data-tone="other">
          <i /> {t('models:state.challenger')} <b className={styles.id}>{challenger.id}</b>
        </span>
      </div>
      {gate ? <Gate gate={gate} /> : <p className={styles.quiet}>{t('models:gate.notJudged')}</p>}
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
          <b>{t(gate.promote ? 'models:gate.itPromotes' : 'models:gate.itDoesNot')}</b>{' '}
          {asSentence(gate.reason)}
        </span>
      </p>
      {isJudged && (
        <div className={styles.versus}>
          <div>
            <Pair
              name={t('models:averagePrecision')}
              own={gate.champion_ap}
              other={gate.challenger_ap}
            />
            <Pair
              name={t('models:versus.precision')}
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
      <span className="sr">{t('models:state.champion')}</span>
      <IntervalBar interval={own} tone="own" />
      <IntervalText interval={own} />
      <span className="sr">{t('models:state.challenger')}</span>
      <IntervalBar interval={other} tone="other" />
      <IntervalText interval={other} />
    </div>
  )
}

function GateFacts({ gate }: { gate: GateDecision }) {
  const facts: [string, string | null][] = [
    [
      t('models:versus.difference'),
      gate.difference.value === null
        ? null
        : `${formatSigned(gate.difference.value)} (${t('interval.to', { low: formatSigned(gate.difference.low ?? 0), high: formatSigned(gate.difference.high ?? 0) })})`,
    ],
    [
      t('models:versus.falseAlerts'),
      gate.false_at_equal_recall === null
        ? null
        : t('models:versus.ofChampion', { share: formatPercent(gate.false_at_equal_recall) }),
    ],
    [
      t('models:versus.resamples'),
      gate.share_better === null ? null : formatPercent(gate.share_better),
    ],
    [
      t('models:versus.judgedOn'),
      gate.rows === null
        ? null
        : t('models:versus.judged', {
            n: formatCount(gate.rows),
            fraud: formatCount(gate.positive ?? 0),
          }),
    ],
    [
      t('models:versus.laterDays'),
      gate.from && gate.to
        ? t('interval.to', {
            low: formatTime(gate.from, 'monthDay'),
            high: formatTime(gate.to, 'monthDay'),
          })
        : null,
    ],
    [t('models:versus.budget'), gate.budget === null ? null : formatCount(gate.budget)],
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
      <caption className="sr">{t('models:versus.recallCaption')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('models:versus.recall')}</th>
          <th scope="col" className={lists.figure}>
            {t('models:versus.cases')}
          </th>
          <th scope="col" className={lists.figure}>
            {t('models:state.champion')}
          </th>
          <th scope="col" className={lists.figure}>
            {t('models:state.challenger')}
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
