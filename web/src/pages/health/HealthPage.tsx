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
import { t } from '../../lib/i18n'
import { outcomeLabel, psiLevel, psiWord } from '../../lib/learning'
import { serverSentence } from '../../lib/serverSentence'
import { useTitle } from '../../lib/useTitle'
import page from '../Page.module.css'
import { PageSkeleton } from '../PageSkeleton'
import { AuditPanel } from './AuditPanel'
import { DriftPanel } from './DriftPanel'
import styles from './Health.module.css'
import { VerdictsPanel } from './VerdictsPanel'

export function HealthPage() {
  useTitle(t('pages.health'))
  const watch = useQuery(watchQuery)
  const trainings = useQuery(trainingsQuery)
  const error = watch.error ?? trainings.error
  if (error && !(watch.data && trainings.data)) {
    const retry = () => void Promise.all([watch.refetch(), trainings.refetch()])
    return <ErrorState title={t('health:failed')} error={error} onRetry={retry} />
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
        <h1>{t('pages.health')}</h1>
        {watch.model_id && (
          <Link className={styles.id} to={`/models?model=${encodeURIComponent(watch.model_id)}`}>
            {watch.model_id}
          </Link>
        )}
        {watch.as_of && (
          <span className="muted num">
            {t('health:asOf', { time: formatTime(watch.as_of, 'dateTime') })}
          </span>
        )}
      </div>
      <Alarms alarms={watch.alarms} />
      <HealthFacts watch={watch} trainings={trainings} />
      <div className={page.columns}>
        <Panel
          title={t('health:weeks.title')}
          aside={
            <span className={styles.legend}>
              <b data-kind="value">{t('health:weeks.value')}</b>
              <b data-kind="band">{t('health:weeks.band')}</b>
              <b data-kind="dashed">{t('health:weeks.predicted')}</b>
              {limit !== null && <b data-kind="limit">{t('health:weeks.limit')}</b>}
            </span>
          }
        >
          {watch.weeks.some((week) => week.precision.n > 0) ? (
            <WeeksChart weeks={watch.weeks} limit={limit} height={230} />
          ) : (
            <p className={styles.quiet}>
              {t('health:weeks.none')} <Link to="/">{t('actions.backToQueue')}</Link>
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
        <CircleCheck size={16} aria-hidden="true" /> {t('health:calm')}
      </p>
    )
  }
  return (
    <section aria-label={t('health:alarms')} className={styles.alarms}>
      {shown.map((alarm, index) => (
        <p key={index}>
          <TriangleAlert size={16} aria-hidden="true" />
          <span>{asSentence(serverSentence(alarm.sentence))}</span>
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
          {isAll ? t('actions.showFewer') : t('actions.showAll', { n: alarms.length })}
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
          t('health:fact.precision'),
          week?.precision.value != null
            ? `${formatPercent(week.precision.value)} (${t('interval.of', { k: formatCount(week.precision.k), n: formatCount(week.precision.n) })})`
            : null,
        ],
        [
          t('health:fact.calibration'),
          calibration &&
            t('health:calibrationOf', {
              predicted: formatPercent(calibration.predicted),
              observed: formatPercent(calibration.observed),
            }),
        ],
        [
          t('health:fact.risk'),
          drift &&
            (drift.score.psi === null
              ? t('health:fewRows')
              : `${psiWord(psiLevel(drift.score.psi, drift.score.usual_psi))} (${t('health:drift.psi')} ${formatRatio(drift.score.psi)})`),
        ],
        [
          t('health:fact.perDay'),
          drift?.transactions_per_day != null
            ? drift.volume_ratio === null
              ? formatCount(drift.transactions_per_day)
              : t('health:perDayOf', {
                  n: formatCount(drift.transactions_per_day),
                  share: formatPercent(drift.volume_ratio),
                })
            : null,
        ],
        [
          t('health:fact.audit'),
          audit.n > 0
            ? t('health:auditOf', { k: formatCount(audit.k), n: formatCount(audit.n) })
            : null,
        ],
        [
          t('health:fact.last'),
          last
            ? `${formatTime(last.finished_at, 'dateTime')}, ${outcomeLabel(last.outcome)}`
            : trainings.last_at && formatTime(trainings.last_at, 'dateTime'),
        ],
        [
          t('health:fact.next'),
          trainings.state === 'running'
            ? t('health:runsNow')
            : trainings.next_at
              ? formatTime(trainings.next_at, 'dateTime')
              : t('health:notScheduled'),
        ],
      ]}
    />
  )
}

function ScorePanel({ watch }: { watch: Watch }) {
  const { drift } = watch
  return (
    <Panel
      title={t('health:score.title')}
      aside={
        drift && (
          <span className={styles.legend}>
            <b data-kind="then">{t('health:whenLearned')}</b>
            <b data-kind="now">
              {t('interval.to', {
                low: formatTime(drift.first_day, 'monthDay'),
                high: formatTime(drift.last_day, 'monthDay'),
              })}
            </b>
          </span>
        )
      }
    >
      {drift && drift.score.rows > 0 ? (
        <BinsChart
          title={t('health:fact.risk')}
          bins={drift.score.bins}
          show={showRisk}
          height={230}
        />
      ) : (
        <p className={styles.quiet}>{t(drift ? 'health:score.noRows' : 'health:score.none')}</p>
      )}
    </Panel>
  )
}

function ShadowPanel({ watch }: { watch: Watch }) {
  const { shadow } = watch
  return (
    <Panel
      title={t('health:shadow.title')}
      aside={
        shadow &&
        shadow.scored > 0 && (
          <span className={styles.legend}>
            <b data-kind="then">{t('models:state.champion')}</b>
            <b data-kind="now">{t('models:state.challenger')}</b>
          </span>
        )
      }
    >
      {shadow && shadow.scored > 0 ? (
        <>
          <p className={styles.summary}>
            {t('health:shadow.flagged', {
              n: formatCount(shadow.scored),
              champion: formatCount(shadow.champion_flagged),
              challenger: formatCount(shadow.challenger_flagged),
              both: formatCount(shadow.both_flagged),
            })}{' '}
            <Link to={`/models?model=${encodeURIComponent(shadow.challenger_id)}`}>
              {t('health:shadow.compare')}
            </Link>
          </p>
          {shadow.days.length > 0 && <ShadowChart shadow={shadow} height={180} />}
        </>
      ) : (
        <p className={styles.quiet}>{t(shadow ? 'health:shadow.waiting' : 'health:shadow.none')}</p>
      )}
    </Panel>
  )
}
