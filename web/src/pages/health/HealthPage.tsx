// SPDX-License-Identifier: Apache-2.0
//
// Is the model still right, and is what comes in still like what it learned from? Alarms first.
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { CircleCheck, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { Link } from 'react-router-dom'
import type { Trainings, Watch } from '../../api/client'
import { trainingsQuery, watchQuery } from '../../api/queries'
import { BinsChart, ShadowChart, WeeksChart } from '../../charts/lazy'
import { Facts } from '../../components/Facts'
import { Panel } from '../../components/Panel'
import { ErrorState } from '../../components/States'
import {
  asSentence,
  formatCount,
  formatPercent,
  formatRatio,
  formatShort,
  formatTime,
} from '../../lib/format'
import { outcomeLabels, psiLevel, psiWords } from '../../lib/learning'
import { useTitle } from '../../lib/useTitle'
import page from '../Page.module.css'
import { PageSkeleton } from '../PageSkeleton'
import { AuditPanel } from './AuditPanel'
import { DriftPanel } from './DriftPanel'
import styles from './Health.module.css'
import { VerdictsPanel } from './VerdictsPanel'

export function HealthPage() {
  useTitle('Model health')
  const watch = useQuery(watchQuery)
  const trainings = useQuery(trainingsQuery)
  const error = watch.error ?? trainings.error
  if (error && !(watch.data && trainings.data)) {
    const retry = () => void Promise.all([watch.refetch(), trainings.refetch()])
    return <ErrorState title="The model’s health could not be read" error={error} onRetry={retry} />
  }
  if (!watch.data || !trainings.data) return <PageSkeleton />
  return <Health watch={watch.data} trainings={trainings.data} />
}

const showRisk = (value: number) => formatShort(value)

function Health({ watch, trainings }: { watch: Watch; trainings: Trainings }) {
  const limit = watch.limits.find(({ name }) => name === 'precision_min')?.value ?? null
  return (
    <div className={page.page}>
      <div className={page.head}>
        <h1>Model health</h1>
        {watch.model_id && (
          <Link className={styles.id} to={`/models?model=${encodeURIComponent(watch.model_id)}`}>
            {watch.model_id}
          </Link>
        )}
        {watch.as_of && (
          <span className="muted num">as of {formatTime(watch.as_of, 'dateTime')}</span>
        )}
      </div>
      <Alarms alarms={watch.alarms} />
      <HealthFacts watch={watch} trainings={trainings} />
      <div className={page.columns}>
        <Panel
          title="Precision by week"
          aside={
            <span className={styles.legend}>
              <b data-kind="value">confirmed of decided</b>
              <b data-kind="band">90 % interval</b>
              <b data-kind="dashed">predicted</b>
              {limit !== null && <b data-kind="limit">alarm below</b>}
            </span>
          }
        >
          {watch.weeks.some((week) => week.precision.n > 0) ? (
            <WeeksChart weeks={watch.weeks} limit={limit} height={230} />
          ) : (
            <p className={styles.quiet}>
              No alert has a verdict yet. Conclude alerts in the <Link to="/">queue</Link>; the
              figure appears with the first one.
            </p>
          )}
        </Panel>
        <ScorePanel watch={watch} />
      </div>
      <div className={page.columns}>
        <ShadowPanel watch={watch} />
        <VerdictsPanel schemes={watch.schemes} stores={watch.stores} />
      </div>
      <DriftPanel drift={watch.drift} />
      <AuditPanel />
    </div>
  )
}

const alarmsFirst = 4

function Alarms({ alarms }: Pick<Watch, 'alarms'>) {
  const [isAll, setAll] = useState(false)
  const shown = isAll ? alarms : alarms.slice(0, alarmsFirst)
  if (alarms.length === 0) {
    return (
      <p className={styles.calm} role="status">
        <CircleCheck size={16} aria-hidden="true" /> Nothing crosses a limit.
      </p>
    )
  }
  return (
    <section aria-label="Alarms" className={styles.alarms}>
      {shown.map((alarm, index) => (
        <p key={index}>
          <TriangleAlert size={16} aria-hidden="true" />
          <span>{asSentence(alarm.sentence)}</span>
        </p>
      ))}
      {alarms.length > alarmsFirst && (
        <Button
          variant="subtle"
          size="compact-sm"
          fz="xs"
          color="gray"
          justify="start"
          aria-expanded={isAll}
          onClick={() => setAll(!isAll)}
        >
          {isAll ? 'Show the worst alone' : `Show all ${alarms.length} alarms`}
        </Button>
      )}
    </section>
  )
}

function HealthFacts({ watch, trainings }: { watch: Watch; trainings: Trainings }) {
  const { drift, calibration } = watch
  const week = watch.weeks.filter(({ precision }) => precision.n > 0).at(-1)
  const last = trainings.history[0]
  const audit = watch.weeks.reduce(
    (sum, item) => ({ k: sum.k + item.audit.k, n: sum.n + item.audit.n }),
    { k: 0, n: 0 },
  )
  return (
    <Facts
      className={page.facts}
      facts={[
        [
          'Precision, newest week',
          week?.precision.value != null
            ? `${formatPercent(week.precision.value)} (${formatCount(week.precision.k)} of ${formatCount(week.precision.n)})`
            : null,
        ],
        [
          'Calibration',
          calibration &&
            `${formatPercent(calibration.predicted)} predicted, ${formatPercent(calibration.observed)} observed`,
        ],
        [
          'Risk score',
          drift &&
            (drift.score.psi === null
              ? 'too few rows of this model'
              : `${psiWords[psiLevel(drift.score.psi, drift.score.usual_psi)]} (PSI ${formatRatio(drift.score.psi)})`),
        ],
        [
          'Transactions a day',
          drift?.transactions_per_day != null
            ? `${formatCount(drift.transactions_per_day)}${drift.volume_ratio === null ? '' : `, ${formatPercent(drift.volume_ratio)} of then`}`
            : null,
        ],
        [
          'Audit: fraud that alerts missed',
          audit.n > 0 ? `${formatCount(audit.k)} of ${formatCount(audit.n)} judged` : null,
        ],
        [
          'Last training',
          last
            ? `${formatTime(last.finished_at, 'dateTime')}, ${outcomeLabels[last.outcome].toLowerCase()}`
            : trainings.last_at && formatTime(trainings.last_at, 'dateTime'),
        ],
        [
          'Next training',
          trainings.state === 'running'
            ? 'runs now'
            : trainings.next_at
              ? formatTime(trainings.next_at, 'dateTime')
              : 'not scheduled',
        ],
      ]}
    />
  )
}

function ScorePanel({ watch }: { watch: Watch }) {
  const { drift } = watch
  return (
    <Panel
      title="Risk score, then and now"
      aside={
        drift && (
          <span className={styles.legend}>
            <b data-kind="then">when it learned</b>
            <b data-kind="now">
              {formatTime(drift.first_day, 'monthDay')} to {formatTime(drift.last_day, 'monthDay')}
            </b>
          </span>
        )
      }
    >
      {drift && drift.score.rows > 0 ? (
        <BinsChart title="Risk score" bins={drift.score.bins} show={showRisk} height={230} />
      ) : (
        <p className={styles.quiet}>
          {drift
            ? 'The champion has scored none of the newest rows yet.'
            : 'The champion has no training rows to compare with; a training brings them.'}
        </p>
      )}
    </Panel>
  )
}

function ShadowPanel({ watch }: { watch: Watch }) {
  const { shadow } = watch
  return (
    <Panel
      title="Challenger in the shadow"
      aside={
        shadow &&
        shadow.scored > 0 && (
          <span className={styles.legend}>
            <b data-kind="then">champion</b>
            <b data-kind="now">challenger</b>
          </span>
        )
      }
    >
      {shadow && shadow.scored > 0 ? (
        <>
          <p className={styles.summary}>
            Of {formatCount(shadow.scored)} transactions the champion flagged{' '}
            <b>{formatCount(shadow.champion_flagged)}</b>, the challenger{' '}
            <b>{formatCount(shadow.challenger_flagged)}</b>, both{' '}
            <b>{formatCount(shadow.both_flagged)}</b>.{' '}
            <Link to={`/models?model=${encodeURIComponent(shadow.challenger_id)}`}>Compare</Link>
          </p>
          {shadow.days.length > 0 && <ShadowChart shadow={shadow} height={180} />}
        </>
      ) : (
        <p className={styles.quiet}>
          {shadow
            ? 'The challenger has not scored a transaction yet; it scores every one that comes in.'
            : 'No challenger scores in the shadow now.'}
        </p>
      )}
    </Panel>
  )
}
