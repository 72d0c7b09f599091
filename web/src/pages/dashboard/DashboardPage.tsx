// SPDX-License-Identifier: Apache-2.0
//
// What the work brings: the figures of a period against the period before, their trend, and where
// they come from. Each figure leads to the alerts behind it.
import { useQuery } from '@tanstack/react-query'
import { useCallback } from 'react'
import { useSearchParams } from 'react-router-dom'
import { type MetricsQuery, type MetricsSummary, metricsSummaryQuery } from '../../api/insight'
import { ErrorState } from '../../components/States'
import { formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { addDays, dateIn } from '../../lib/period'
import { useTitle } from '../../lib/useTitle'
import page from '../Page.module.css'
import { PageSkeleton } from '../PageSkeleton'
import { AssumptionsPanel } from './AssumptionsPanel'
import { BacklogPanel } from './BacklogPanel'
import { BreakdownPanel, SchemesPanel, StoresPanel, TeamPanel } from './Breakdowns'
import { Cards } from './Cards'
import styles from './Dashboard.module.css'
import { DashboardFilters } from './DashboardFilters'
import { ReportMenu } from './ReportMenu'
import { TrendPanel } from './TrendPanel'
import { type View, paramsFromView, queryFromView, viewFromParams } from './view'

export interface ViewProps {
  view: View
  change: (part: Partial<View>) => void
}

function useView(): ViewProps {
  const [params, setParams] = useSearchParams()
  const view = viewFromParams(params)
  const change = useCallback(
    (part: Partial<View>) =>
      setParams((now) => paramsFromView({ ...viewFromParams(now), ...part }), { replace: true }),
    [setParams],
  )
  return { view, change }
}

// The last day that figures know of, in their zone.
const lastDay = (summary: MetricsSummary) => addDays(dateIn(summary.period.to, summary.zone), -1)

export function DashboardPage() {
  useTitle(t('dashboard:title'))
  const { view, change } = useView()
  const base = useQuery(metricsSummaryQuery({}))
  const query = queryFromView(view, base.data ? lastDay(base.data) : null)
  const { data, error, refetch, isPlaceholderData } = useQuery({
    ...metricsSummaryQuery(query ?? {}),
    enabled: query !== null,
  })
  const fault = error ?? base.error
  if (fault && !data) {
    const retry = () => void Promise.all([base.refetch(), refetch()])
    return <ErrorState title={t('dashboard:failed')} error={fault} onRetry={retry} />
  }
  if (!data || !base.data || query === null) return <PageSkeleton />
  return (
    <div className={page.page} data-testid="dashboard">
      <div className={styles.top}>
        <h1>{t('dashboard:title')}</h1>
        <Span summary={data} />
        <ReportMenu query={query} />
      </div>
      <DashboardFilters view={view} change={change} summary={data} last={lastDay(base.data)} />
      <div className={styles.body} aria-busy={isPlaceholderData} data-stale={isPlaceholderData}>
        <Body summary={data} query={query} view={view} change={change} />
      </div>
    </div>
  )
}

interface BodyProps extends ViewProps {
  summary: MetricsSummary
  query: MetricsQuery
}

function Body({ summary, query, view, change }: BodyProps) {
  const isEmpty = summary.figures.alerts === 0 && summary.previous.alerts === 0
  return (
    <>
      {isEmpty && (
        <p className={styles.empty} role="status">
          {t('dashboard:empty')}
        </p>
      )}
      <Cards summary={summary} />
      <div className={styles.wideLeft}>
        <TrendPanel query={query} view={view} change={change} />
        <BacklogPanel backlog={summary.backlog} />
      </div>
      <div className={page.columns}>
        <StoresPanel query={query} view={view} change={change} />
        <SchemesPanel query={query} view={view} change={change} />
      </div>
      <BreakdownPanel query={query} view={view} change={change} />
      <div className={page.columns}>
        <TeamPanel query={query} view={view} change={change} />
        <AssumptionsPanel assumptions={summary.assumptions} currency={summary.currency} />
      </div>
      {summary.other_currency_alerts > 0 && (
        <p className={styles.note}>
          {t('dashboard:otherCurrency', {
            count: summary.other_currency_alerts,
            currency: summary.currency,
          })}
        </p>
      )}
    </>
  )
}

function Span({ summary }: { summary: MetricsSummary }) {
  const day = (iso: string, shift: number) =>
    formatTime(addDays(dateIn(iso, summary.zone), shift), 'date')
  const { period, previous_period: before } = summary
  return (
    <p className={styles.span}>
      {t('dashboard:span', {
        from: day(period.from, 0),
        to: day(period.to, -1),
        before: day(before.from, 0),
        end: day(before.to, -1),
      })}
    </p>
  )
}
