// SPDX-License-Identifier: Apache-2.0
//
// What every signal and every feature means, searchable.
import { SegmentedControl, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Search } from 'lucide-react'
import { Link, useSearchParams } from 'react-router-dom'
import type { Feature, Signal } from '../api/client'
import { catalogueQuery, signalsQuery } from '../api/queries'
import lists from '../components/Lists.module.css'
import { ShareText } from '../components/Intervals'
import { Panel } from '../components/Panel'
import { ErrorState } from '../components/States'
import { formatCount, formatPercent, formatRatio } from '../lib/format'
import { t } from '../lib/i18n'
import { serverText } from '../lib/serverText'
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
  useTitle(t('pages.reference'))
  const { view, q, change } = useView()
  const signals = useQuery(signalsQuery)
  const features = useQuery(catalogueQuery)
  const error = signals.error ?? features.error
  if (error) {
    const retry = () => void Promise.all([signals.refetch(), features.refetch()])
    return <ErrorState title={t('reference:failed')} error={error} onRetry={retry} />
  }
  if (!signals.data || !features.data) return <PageSkeleton />
  const wanted = q.trim().toLowerCase()
  const fits = (item: { name: string; title: string; help: string }) =>
    `${item.name} ${serverText(item.title)} ${serverText(item.help)}`.toLowerCase().includes(wanted)
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>{t('reference:title')}</h1>
      </div>
      <div className={styles.tools}>
        <TextInput
          type="search"
          aria-label={t('reference:find')}
          placeholder={t('reference:find')}
          leftSection={<Search size={14} />}
          value={q}
          onChange={(event) => change({ q: event.currentTarget.value })}
        />
        <SegmentedControl
          size="xs"
          value={view}
          onChange={(value) => change({ view: value })}
          data={[
            { value: 'signals', label: t('reference:signalsN', { n: signals.data.items.length }) },
            {
              value: 'features',
              label: t('reference:featuresN', { n: features.data.items.length }),
            },
          ]}
          aria-label={t('reference:what')}
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
    <Panel title={t('reference:signals')} aside={t('reference:signalsAside')} isFlush>
      <div className={styles.wide} tabIndex={0} role="group" aria-label={t('reference:signals')}>
        <table className={lists.table} style={{ minWidth: 980 }}>
          <thead>
            <tr>
              <th scope="col">{t('reference:column.signal')}</th>
              <th scope="col">{t('reference:column.says')}</th>
              <th scope="col">{t('reference:column.scheme')}</th>
              <th scope="col">{t('reference:column.type')}</th>
              <th scope="col">{t('reference:column.about')}</th>
              <th scope="col" className={lists.figure}>
                {t('reference:column.hits')}
              </th>
              <th scope="col" className={lists.figure}>
                {t('reference:column.precision')}
              </th>
              <th scope="col" className={lists.figure}>
                {t('reference:column.false')}
              </th>
            </tr>
          </thead>
          <tbody>
            {signals.map((signal) => (
              <tr key={signal.name}>
                <td>
                  <Link to={`/signals?signal=${encodeURIComponent(signal.name)}`}>
                    <b style={{ fontWeight: 600 }}>{serverText(signal.title)}</b>
                  </Link>
                  <div className={`${styles.mono} muted`}>{signal.name}</div>
                </td>
                <td>
                  {serverText(signal.help)}
                  <div className={styles.params}>
                    {signal.parameters.map(({ name, value }) => (
                      <span key={name}>
                        {label(name)} {value}
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
                    <div className="muted">
                      {t('reference:weight', { trust: formatRatio(signal.trust) })}
                    </div>
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

function Features({ features }: { features: Feature[] }) {
  return (
    <Panel title={t('reference:features')} aside={t('reference:featuresAside')} isFlush>
      <div className={styles.wide} tabIndex={0} role="group" aria-label={t('reference:features')}>
        <table className={lists.table} style={{ minWidth: 760 }}>
          <thead>
            <tr>
              <th scope="col">{t('reference:column.feature')}</th>
              <th scope="col">{t('reference:column.says')}</th>
              <th scope="col">{t('reference:column.of')}</th>
              <th scope="col">{t('reference:column.window')}</th>
              <th scope="col">{t('reference:column.unit')}</th>
            </tr>
          </thead>
          <tbody>
            {features.map((feature) => (
              <tr key={feature.name}>
                <td>
                  <b style={{ fontWeight: 600 }}>{serverText(feature.title)}</b>
                  <div className={`${styles.mono} muted`}>{feature.name}</div>
                </td>
                <td>{serverText(feature.help)}</td>
                <td>{entityKindLabel(feature.entity)}</td>
                <td className="num">{feature.window || '–'}</td>
                <td>{t(`reference:unit.${feature.unit}`)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}
