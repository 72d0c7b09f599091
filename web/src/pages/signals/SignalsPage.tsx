// SPDX-License-Identifier: Apache-2.0
//
// Signals and the alert policy: how good each one is, and a place to change them and to see at once
// what that would have done.
import { SegmentedControl, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ArrowLeft, Search } from 'lucide-react'
import { Link, useSearchParams } from 'react-router-dom'
import { type Signal, policyQuery } from '../../api/insight'
import { signalsQuery } from '../../api/queries'
import { useCanEverywhere } from '../../app/session'
import { ErrorState } from '../../components/States'
import { t } from '../../lib/i18n'
import { serverText } from '../../lib/serverText'
import { useTitle } from '../../lib/useTitle'
import { label } from '../../lib/vocabulary'
import page from '../Page.module.css'
import { PageSkeleton } from '../PageSkeleton'
import { DraftBar } from './DraftBar'
import { DryRunPanel } from './DryRunPanel'
import { PolicyView } from './PolicyView'
import { SignalEditor } from './SignalEditor'
import { SignalList } from './SignalList'
import styles from './Signals.module.css'
import { VersionsView } from './VersionsView'
import { useDraft } from './draftStore'
import { useDryRun } from './useDryRun'

const views = ['signals', 'policy', 'versions'] as const
const sorts = ['scheme', 'hits', 'precision', 'trust'] as const
export type Sort = (typeof sorts)[number]

function useView() {
  const [params, setParams] = useSearchParams()
  const get = <T extends string>(name: string, choices: readonly T[], other: T): T =>
    choices.find((choice) => choice === params.get(name)) ?? other
  const withParam = (name: string, value: string | null) => {
    const next = new URLSearchParams(params)
    if (value) next.set(name, value)
    else next.delete(name)
    return next
  }
  return {
    view: get('view', views, 'signals'),
    sort: get('sort', sorts, 'scheme'),
    q: params.get('q') ?? '',
    signal: params.get('signal'),
    addressOf: (signal: string) => `/signals?${withParam('signal', signal)}`,
    set: (name: string, value: string | null) =>
      setParams(withParam(name, value), { replace: true }),
  }
}

const fits = (signal: Signal, q: string) =>
  `${signal.name} ${serverText(signal.title)} ${serverText(signal.help)} ${label(signal.scheme)}`
    .toLowerCase()
    .includes(q.trim().toLowerCase())

export function SignalsPage() {
  useTitle(t('signals:title'))
  const can = useCanEverywhere()
  const state = useView()
  const { data, error, refetch } = useQuery(signalsQuery)
  const policy = useQuery(policyQuery)
  const draft = useDraft()
  const { dryRun, begin, stop } = useDryRun(draft)
  if (error && !data)
    return <ErrorState title={t('signals:failed')} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton />
  const shown = data.items.find((signal) => signal.name === state.signal)
  const mayChange = can('manage')
  const dryRunPanel = <DryRunPanel dryRun={dryRun} mayRun={mayChange} begin={begin} stop={stop} />
  return (
    <div className={page.page}>
      <Top version={data.version} state={state} />
      {state.view === 'signals' && (
        <div className={styles.split} data-open={shown ? true : undefined}>
          <div className={styles.left}>
            <SignalList
              signals={data.items.filter((signal) => fits(signal, state.q))}
              shown={state.signal}
              sort={state.sort}
              addressOf={state.addressOf}
              onSort={(sort) => state.set('sort', sort === 'scheme' ? null : sort)}
            />
          </div>
          {shown && (
            <div className={styles.right}>
              <Link className={styles.backLink} to="/signals" replace>
                <ArrowLeft size={14} aria-hidden="true" /> {t('signals:all')}
              </Link>
              <SignalEditor
                key={shown.name}
                signal={shown}
                mayChange={mayChange}
                onClose={() => state.set('signal', null)}
              />
              {dryRunPanel}
            </div>
          )}
        </div>
      )}
      {state.view === 'policy' && (
        <div className={styles.split} data-open>
          <div className={styles.wide}>
            <PolicyView mayChange={mayChange} />
          </div>
          <div className={styles.right}>{dryRunPanel}</div>
        </div>
      )}
      {state.view === 'versions' && <VersionsView mayChange={mayChange} />}
      <DraftBar signals={data.items} policy={policy.data} />
    </div>
  )
}

function Top({ version, state }: { version: string; state: ReturnType<typeof useView> }) {
  return (
    <>
      <div className={styles.top}>
        <h1>{t('signals:title')}</h1>
        <span className="muted">{t('signals:inForce', { version })}</span>
        <span className={styles.links}>
          <Link to="/backtest">{t('signals:toBacktest')}</Link>
          <Link to="/reference">{t('signals:toReference')}</Link>
        </span>
      </div>
      <div className={styles.tools}>
        <SegmentedControl
          size="xs"
          aria-label={t('signals:view.label')}
          value={state.view}
          onChange={(view) => state.set('view', view === 'signals' ? null : view)}
          data={views.map((value) => ({ value, label: t(`signals:view.${value}`) }))}
        />
        {state.view === 'signals' && (
          <TextInput
            type="search"
            aria-label={t('signals:find')}
            placeholder={t('signals:find')}
            leftSection={<Search size={14} />}
            value={state.q}
            onChange={(event) => state.set('q', event.currentTarget.value || null)}
          />
        )}
      </div>
    </>
  )
}
