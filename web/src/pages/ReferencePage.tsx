// SPDX-License-Identifier: Apache-2.0
//
// What every signal and every feature means, searchable.
import { SegmentedControl, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Search } from 'lucide-react'
import { useSearchParams } from 'react-router-dom'
import type { Feature, Signal } from '../api/client'
import { catalogueQuery, signalsQuery } from '../api/queries'
import lists from '../components/Lists.module.css'
import { ShareText } from '../components/Intervals'
import { Panel } from '../components/Panel'
import { ErrorState } from '../components/States'
import { formatCount, formatPercent, formatRatio } from '../lib/format'
import { useTitle } from '../lib/useTitle'
import { alertTypeLabel, entityKindLabel, label } from '../lib/vocabulary'
import styles from './Page.module.css'
import { PageSkeleton } from './PageSkeleton'

function useView() {
  const [params, setParams] = useSearchParams()
  const view = params.get('view') === 'features' ? 'features' : 'signals'
  const q = params.get('q') ?? ''
  const change = (part: { view?: string; q?: string }) => {
    const next = { view, q, ...part }
    setParams(
      { ...(next.view === 'features' && { view: 'features' }), ...(next.q && { q: next.q }) },
      { replace: true },
    )
  }
  return { view, q, change }
}

export function ReferencePage() {
  useTitle('Signals and features')
  const { view, q, change } = useView()
  const signals = useQuery(signalsQuery)
  const features = useQuery(catalogueQuery)
  const error = signals.error ?? features.error
  if (error) {
    const retry = () => void Promise.all([signals.refetch(), features.refetch()])
    return <ErrorState title="The reference could not be read" error={error} onRetry={retry} />
  }
  if (!signals.data || !features.data) return <PageSkeleton />
  const wanted = q.trim().toLowerCase()
  const fits = (item: { name: string; title: string; help: string }) =>
    `${item.name} ${item.title} ${item.help}`.toLowerCase().includes(wanted)
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>Signals and features</h1>
      </div>
      <div className={styles.tools}>
        <TextInput
          type="search"
          aria-label="Search the reference"
          placeholder="Search"
          leftSection={<Search size={14} />}
          value={q}
          onChange={(event) => change({ q: event.currentTarget.value })}
        />
        <SegmentedControl
          size="xs"
          value={view}
          onChange={(value) => change({ view: value })}
          data={[
            { value: 'signals', label: `Signals (${signals.data.items.length})` },
            { value: 'features', label: `Features (${features.data.items.length})` },
          ]}
          aria-label="What to show"
        />
      </div>
      {view === 'signals' ? (
        <Signals signals={signals.data.items.filter(fits)} />
      ) : (
        <Features features={features.data.items.filter(fits)} />
      )}
    </div>
  )
}

function Signals({ signals }: { signals: Signal[] }) {
  return (
    <Panel title="Signals" aside="A signal is a named, explainable sign of one scheme" isFlush>
      <div className={styles.wide} tabIndex={0} role="group" aria-label="Signals">
        <table className={lists.table} style={{ minWidth: 980 }}>
          <thead>
            <tr>
              <th scope="col">Signal</th>
              <th scope="col">What it says</th>
              <th scope="col">Scheme</th>
              <th scope="col">Type</th>
              <th scope="col">About</th>
              <th scope="col" className={lists.figure}>
                Hits, 28 days
              </th>
              <th scope="col" className={lists.figure}>
                Precision
              </th>
              <th scope="col" className={lists.figure}>
                False alerts
              </th>
            </tr>
          </thead>
          <tbody>
            {signals.map((signal) => (
              <tr key={signal.name}>
                <td>
                  <b style={{ fontWeight: 600 }}>{signal.title}</b>
                  <div className={`${styles.mono} muted`}>{signal.name}</div>
                </td>
                <td>
                  {signal.help}
                  <div className={styles.params}>
                    {Object.entries(signal.parameters).map(([name, value]) => (
                      <span key={name}>
                        {label(name)} {String(value)}
                      </span>
                    ))}
                  </div>
                </td>
                <td>{label(signal.scheme)}</td>
                <td>{alertTypeLabel(signal.type)}</td>
                <td>{entityKindLabel(signal.entity)}</td>
                <td className={lists.figure}>{formatCount(signal.hits_28d)}</td>
                <td className={lists.figure}>
                  <ShareText share={signal.precision} />
                </td>
                <td className={lists.figure}>
                  {signal.false_positive_rate === null
                    ? '–'
                    : formatPercent(signal.false_positive_rate)}
                  {signal.trust !== null && Math.abs(signal.trust - 1) > 0.005 && (
                    <div className="muted">weight × {formatRatio(signal.trust)}</div>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}

const unitLabels: Record<Feature['unit'], string> = {
  money: 'Money',
  count: 'Count',
  share: 'Share',
  flag: 'Yes or no',
  ratio: 'Ratio',
  percentile: 'Percentile',
  rank: 'Rank',
  d: 'Days',
  h: 'Hours',
  min: 'Minutes',
  s: 'Seconds',
}

function Features({ features }: { features: Feature[] }) {
  return (
    <Panel
      title="Features"
      aside="A feature is a number that the engine keeps exact at every moment"
      isFlush
    >
      <div className={styles.wide} tabIndex={0} role="group" aria-label="Features">
        <table className={lists.table} style={{ minWidth: 760 }}>
          <thead>
            <tr>
              <th scope="col">Feature</th>
              <th scope="col">What it says</th>
              <th scope="col">Of</th>
              <th scope="col">Window</th>
              <th scope="col">Unit</th>
            </tr>
          </thead>
          <tbody>
            {features.map((feature) => (
              <tr key={feature.name}>
                <td>
                  <b style={{ fontWeight: 600 }}>{feature.title}</b>
                  <div className={`${styles.mono} muted`}>{feature.name}</div>
                </td>
                <td>{feature.help}</td>
                <td>{entityKindLabel(feature.entity)}</td>
                <td className="num">{feature.window || '–'}</td>
                <td>{unitLabels[feature.unit]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}
