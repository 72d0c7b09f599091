// SPDX-License-Identifier: Apache-2.0
//
// What comes in, from where, how far behind, and what is kept.
import { Alert } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router-dom'
import { trainingsQuery } from '../../api/queries'
import { SeriesChart } from '../../charts/lazy'
import { Facts } from '../../components/Facts'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { ErrorState } from '../../components/States'
import { StateTag } from '../../components/Tags'
import {
  asSentence,
  formatBytes,
  formatClock,
  formatCount,
  formatMoment,
  formatShort,
} from '../../lib/format'
import { t } from '../../lib/i18n'
import { useTitle } from '../../lib/useTitle'
import page from '../Page.module.css'
import { PageSkeleton } from '../PageSkeleton'
import { scheduleQuery } from '../settings/queries'
import { SourcesPanel, StoragePanel, StoresPanel } from './Panels'
import { type DataStatus, dataQuery } from './queries'

const CHART = 190

export function DataPage() {
  useTitle(t('data:title'))
  const { data, error, refetch } = useQuery(dataQuery)
  if (error && !data)
    return <ErrorState title={t('data:unreadable')} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton />
  return (
    <div className={page.page}>
      <div className={page.head}>
        <h1>{t('data:title')}</h1>
      </div>
      {!data.is_accepting && <Alert color="red">{t('data:notAccepting')}</Alert>}
      <ReportFailure />
      <Facts className={page.facts} facts={factsOf(data)} />
      <div className={page.columns}>
        <div className={page.column}>
          <IntakePanel data={data} />
          <StoresPanel data={data} />
        </div>
        <div className={page.column}>
          <CountsPanel data={data} />
          <SourcesPanel data={data} />
          <StoragePanel data={data} />
          <TrainingPanel />
        </div>
      </div>
    </div>
  )
}

// The report by mail, when its newest attempt went wrong.
function ReportFailure() {
  const { data } = useQuery(scheduleQuery)
  if (!data?.last_error || !data.last_failed_at) return null
  const { last_failed_at: failed, last_sent_at: sent } = data
  return (
    <Alert color="red" title={t('data:report.failed', { time: formatMoment(failed) })}>
      {asSentence(data.last_error)}{' '}
      {sent ? t('data:report.sent', { time: formatMoment(sent) }) : t('data:report.never')}
    </Alert>
  )
}

function factsOf(data: DataStatus): [string, string | null][] {
  const behind = data.position.journal - data.position.projected
  return [
    [t('data:rate'), formatShort(data.rate_1m)],
    [t('data:facts'), formatCount(data.facts)],
    [t('data:newest'), data.last_transaction_time && formatMoment(data.last_transaction_time)],
    [t('data:queue'), formatCount(data.queue.records)],
    [t('data:lag'), formatCount(behind)],
    [t('data:free'), data.storage_free === null ? null : formatBytes(data.storage_free)],
  ]
}

function IntakePanel({ data }: { data: DataStatus }) {
  const { intake } = data
  const isEmpty = intake.every((minute) => minute.accepted + minute.rejected === 0)
  return (
    <Panel title={t('data:intake')}>
      {isEmpty ? (
        <p className="muted">{t('data:noIntake')}</p>
      ) : (
        <SeriesChart
          title={t('data:intake')}
          dates={intake.map((minute) => minute.at)}
          series={[
            {
              name: t('data:accepted'),
              kind: 'bar',
              tone: 'accent',
              stack: 'n',
              values: intake.map((minute) => minute.accepted),
            },
            {
              name: t('data:rejected'),
              kind: 'bar',
              tone: 'bad',
              stack: 'n',
              values: intake.map((minute) => minute.rejected),
            },
          ]}
          show={formatCount}
          head={formatClock}
          tick={formatClock}
          isWhole
          height={CHART}
        />
      )}
    </Panel>
  )
}

function CountsPanel({ data }: { data: DataStatus }) {
  const { counts, dead_letters: letters } = data
  const rows = ['duplicates', 'conflicts', 'rejected', 'failed', 'refused'] as const
  return (
    <Panel
      title={t('data:counts.title')}
      aside={
        <Link to="/rejected">
          {letters.open > 0
            ? t('data:letters.open', { n: formatCount(letters.open) })
            : t('data:letters.title')}
        </Link>
      }
      isFlush
    >
      <table className={lists.table}>
        <tbody>
          {rows.map((name) => (
            <tr key={name}>
              <td>{t(`data:counts.${name}`)}</td>
              <td className={lists.figure}>{formatCount(counts[name])}</td>
            </tr>
          ))}
          {letters.reasons.map(({ reason, n }) => (
            <tr key={reason}>
              <td>
                <Link to={`/rejected?reason=${encodeURIComponent(reason)}`}>{reason}</Link>
              </td>
              <td className={lists.figure}>{formatCount(n)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}

function TrainingPanel() {
  const { data } = useQuery(trainingsQuery)
  if (!data) return null
  return (
    <Panel
      title={t('data:training.title')}
      aside={<Link to="/model-health">{t('data:training.link')}</Link>}
    >
      {data.state === 'running' ? (
        <StateTag tone="good">{t('data:training.running')}</StateTag>
      ) : data.next_at ? (
        t('data:training.next', { time: formatMoment(data.next_at) })
      ) : (
        t('data:training.none')
      )}
    </Panel>
  )
}
