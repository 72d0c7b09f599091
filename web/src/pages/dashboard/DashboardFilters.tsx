// SPDX-License-Identifier: Apache-2.0
import { Button, Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { MetricsSummary } from '../../api/insight'
import { metricsTableQuery } from '../../api/insight'
import { signalsQuery, storesQuery } from '../../api/queries'
import type { AlertType } from '../../api/client'
import { PeriodPicker } from '../../components/PeriodPicker'
import { typeChoices } from '../../lib/filters'
import { t } from '../../lib/i18n'
import { addDays, spanOf } from '../../lib/period'
import { alertTypeLabel, label } from '../../lib/vocabulary'
import styles from './Dashboard.module.css'
import type { ViewProps } from './DashboardPage'
import { daysChoices } from './view'

interface Props extends ViewProps {
  summary: MetricsSummary
  // The newest day with transactions.
  last: string
}

// The chosen one stays a choice, whether or not the lists have come.
function choicesWith(values: string[], chosen: string | null, name: (value: string) => string) {
  const all = chosen && !values.includes(chosen) ? [chosen, ...values] : values
  return all.map((value) => ({ value, label: name(value) }))
}

export function DashboardFilters({ view, change, last }: Props) {
  const { data: stores } = useQuery(storesQuery)
  const { data: signals } = useQuery(signalsQuery)
  const { data: regions } = useQuery(metricsTableQuery({}, 'region', 'key', 100))
  const span = spanOf(view.period, last)
  const schemes = [...new Set((signals?.items ?? []).map((signal) => signal.scheme))].sort()
  const regionNames = (regions?.items ?? []).flatMap((row) => (row.key ? [row.key] : []))
  const isNarrowed = view.region || view.store_id || view.scheme || view.type
  return (
    <div className={styles.filters} role="search" aria-label={t('dashboard:filters.label')}>
      <PeriodPicker
        period={view.period}
        choices={daysChoices}
        from={span.from}
        to={addDays(span.to, -1)}
        onChange={(period) => change({ period, unit: null })}
      />
      {(regionNames.length > 0 || view.region) && (
        <Select
          aria-label={t('dashboard:cut.region')}
          placeholder={t('dashboard:filters.regions')}
          clearable
          w={150}
          value={view.region}
          onChange={(region) => change({ region })}
          data={choicesWith(regionNames, view.region, (value) => value)}
        />
      )}
      <Select
        aria-label={t('dashboard:cut.store')}
        placeholder={t('dashboard:filters.stores')}
        clearable
        searchable
        limit={200}
        w={150}
        value={view.store_id}
        onChange={(store_id) => change({ store_id })}
        data={choicesWith(
          (stores?.items ?? []).map((store) => store.store_id),
          view.store_id,
          (value) => value,
        )}
      />
      <Select
        aria-label={t('dashboard:cut.scheme')}
        placeholder={t('dashboard:filters.schemes')}
        clearable
        searchable
        w={170}
        value={view.scheme}
        onChange={(scheme) => change({ scheme })}
        data={choicesWith(schemes, view.scheme, label)}
      />
      <Select
        aria-label={t('dashboard:cut.type')}
        placeholder={t('dashboard:filters.types')}
        clearable
        w={150}
        value={view.type}
        onChange={(type) => change({ type: type as AlertType | null })}
        data={typeChoices.map((value) => ({ value, label: alertTypeLabel(value) }))}
      />
      {isNarrowed && (
        <Button
          variant="subtle"
          onClick={() => change({ region: null, store_id: null, scheme: null, type: null })}
        >
          {t('dashboard:filters.clear')}
        </Button>
      )}
    </div>
  )
}
