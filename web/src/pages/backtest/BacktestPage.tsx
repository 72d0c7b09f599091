// SPDX-License-Identifier: Apache-2.0
//
// A past period replayed with another model, or with the draft of signals and policy, beside what was
// recorded. The address keeps the request and the result.
import { Button, Progress, Select, Switch } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useSearchParams } from 'react-router-dom'
import { ApiError } from '../../api/client'
import { type Backtest, backtestQuery, startBacktest } from '../../api/insight'
import { modelsQuery, summaryQuery } from '../../api/queries'
import { useCanEverywhere } from '../../app/session'
import { PeriodPicker } from '../../components/PeriodPicker'
import { ErrorState, State } from '../../components/States'
import { asSentence, formatCount, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { label } from '../../lib/vocabulary'
import { addDays, paramsFromPeriod, periodFromParams, spanOf } from '../../lib/period'
import { useTitle } from '../../lib/useTitle'
import page from '../Page.module.css'
import { PageSkeleton } from '../PageSkeleton'
import { isEmptyDraft, policyValues, signalChanges } from '../signals/draft'
import { useDraft } from '../signals/draftStore'
import styles from './Backtest.module.css'
import { ResultPanels } from './ResultPanels'

const daysDefault = 28
const daysChoices = [7, 28, 91]

function useRequest() {
  const [params, setParams] = useSearchParams()
  const change = (part: Record<string, string | null>) => {
    const next = new URLSearchParams(params)
    for (const [name, value] of Object.entries(part)) {
      if (value === null) next.delete(name)
      else next.set(name, value)
    }
    setParams(next, { replace: true })
  }
  return {
    period: periodFromParams(params, daysDefault),
    model: params.get('model'),
    withDraft: params.get('draft') === '1',
    id: params.get('id'),
    change,
  }
}

export function BacktestPage() {
  useTitle(t('backtest:title'))
  const request = useRequest()
  const { data: summary, error, refetch } = useQuery(summaryQuery)
  if (error && !summary)
    return <ErrorState title={t('backtest:failed')} error={error} onRetry={() => void refetch()} />
  if (!summary) return <PageSkeleton />
  if (!summary.last_transaction_time)
    return (
      <State title={t('backtest:nothing')}>
        <p>{t('backtest:nothingHelp')}</p>
      </State>
    )
  return (
    <div className={page.page}>
      <div className={page.head}>
        <h1>{t('backtest:title')}</h1>
        <span className="muted">{t('backtest:help')}</span>
      </div>
      <Form request={request} last={summary.last_transaction_time.slice(0, 10)} />
      {request.id && <Result id={request.id} />}
    </div>
  )
}

interface FormProps {
  request: ReturnType<typeof useRequest>
  last: string
}

function Form({ request, last }: FormProps) {
  const can = useCanEverywhere()
  const draft = useDraft()
  const { data: models } = useQuery(modelsQuery)
  const hasDraft = !isEmptyDraft(draft)
  const span = spanOf(request.period, last)
  const { mutate, error, isPending } = useMutation({
    mutationFn: () =>
      startBacktest({
        from: `${span.from}T00:00:00Z`,
        to: `${span.to}T00:00:00Z`,
        ...(request.model && { model: request.model }),
        ...(request.withDraft && {
          signal_changes: signalChanges(draft),
          policy_values: policyValues(draft),
        }),
      }),
    onSuccess: (backtest) => request.change({ id: backtest.id }),
  })
  const choices = (models?.items ?? []).map((model) => ({
    value: model.id,
    label: `${model.id} · ${label(model.state)}`,
  }))
  const isBusy = error instanceof ApiError && error.status === 409
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        mutate()
      }}
    >
      <Select
        aria-label={t('backtest:model')}
        placeholder={t('backtest:modelAsWas')}
        clearable
        searchable
        className={styles.model}
        value={request.model}
        onChange={(model) => request.change({ model })}
        data={choices}
      />
      <PeriodPicker
        period={request.period}
        choices={daysChoices}
        from={span.from}
        to={addDays(span.to, -1)}
        onChange={(period) =>
          request.change({
            days: null,
            from: null,
            to: null,
            ...paramsFromPeriod(period, daysDefault),
          })
        }
      />
      <Switch
        size="xs"
        label={t('backtest:withDraft')}
        disabled={!hasDraft && !request.withDraft}
        checked={request.withDraft}
        onChange={(event) => request.change({ draft: event.currentTarget.checked ? '1' : null })}
      />
      <Button type="submit" loading={isPending} disabled={!can('manage')}>
        {t('backtest:start')}
      </Button>
      {!can('manage') && <span className="muted">{t('backtest:noRight')}</span>}
      {error && (
        <p className={styles.problem} role="alert">
          {isBusy ? t('backtest:busy') : asSentence(error.message)}
        </p>
      )}
    </form>
  )
}

function Result({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(backtestQuery(id))
  if (error && !data) {
    if (error instanceof ApiError && error.status === 404)
      return <p className={styles.quiet}>{t('backtest:gone')}</p>
    return <ErrorState title={t('backtest:failed')} error={error} onRetry={() => void refetch()} />
  }
  if (!data) return <PageSkeleton />
  if (data.state === 'running') return <Running backtest={data} />
  if (data.state === 'failed' || !data.result)
    return (
      <p className={styles.problem} role="alert">
        {asSentence(data.detail ?? t('states.failed'))}
      </p>
    )
  return <ResultPanels backtest={data} result={data.result} />
}

function Running({ backtest }: { backtest: Backtest }) {
  const { done, all, started_at: started } = backtest
  const text =
    all > 0
      ? t('backtest:progress', { done: formatCount(done), all: formatCount(all) })
      : t('backtest:reading')
  return (
    <div className={styles.running} role="status" data-testid="backtest-running">
      <span>
        {text} · {t('backtest:startedAt', { time: formatTime(started, 'time') })}
      </span>
      <Progress
        value={all > 0 ? (100 * done) / all : 100}
        animated={all === 0}
        size="sm"
        aria-label={text}
      />
    </div>
  )
}
