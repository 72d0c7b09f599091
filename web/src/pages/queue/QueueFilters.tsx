// SPDX-License-Identifier: Apache-2.0
import { Button, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Search, SlidersHorizontal, X } from 'lucide-react'
import { type RefObject, useEffect, useState } from 'react'
import { signalsQuery, storesQuery } from '../../api/queries'
import { settingsQuery } from '../../api/settings'
import {
  type ExtraName,
  type Filters,
  cleared,
  extraNames,
  isNarrowed,
  narrowedN,
  riskChoices,
  sortChoices,
  typeChoices,
} from '../../lib/filters'
import { formatCount, formatMoment, formatRisk } from '../../lib/format'
import { t } from '../../lib/i18n'
import { alertTypeLabel, label, verdictLabel } from '../../lib/vocabulary'
import styles from './QueueFilters.module.css'
import { SavedFilters } from './SavedFilters'

interface Props {
  filters: Filters
  onChange: (change: Partial<Filters>) => void
  onReplace: (filters: Filters) => void
  searchRef: RefObject<HTMLInputElement>
}

function useChoices() {
  const signals = useQuery(signalsQuery)
  const stores = useQuery(storesQuery)
  const settings = useQuery(settingsQuery)
  const schemes = [...new Set((signals.data?.items ?? []).map((signal) => signal.scheme))]
  return {
    schemes: schemes
      .map((value) => ({ value, label: label(value) }))
      .sort((a, b) => a.label.localeCompare(b.label)),
    regions: (settings.data?.regions ?? []).map((region) => region.name),
    stores: (stores.data?.items ?? []).map((store) => ({
      value: store.store_id,
      label: store.alerts_open
        ? `${store.store_id} (${formatCount(store.alerts_open)})`
        : store.store_id,
    })),
  }
}

export function QueueFilters({ filters, onChange, onReplace, searchRef }: Props) {
  const { schemes, regions, stores } = useChoices()
  const [isOpen, setOpen] = useState(false)
  const n = narrowedN(filters)
  return (
    <div className={styles.bar} data-open={isOpen || undefined}>
      <SearchInput value={filters.q} onChange={(q) => onChange({ q })} inputRef={searchRef} />
      <Button
        className={styles.toggle}
        variant="default"
        leftSection={<SlidersHorizontal size={14} />}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {n > 0 ? t('queue:filtersN', { n: formatCount(n) }) : t('queue:filters')}
      </Button>
      <Select
        className={styles.more}
        placeholder={t('queue:anyType')}
        aria-label={t('queue:type')}
        data={typeChoices.map((value) => ({ value, label: alertTypeLabel(value) }))}
        value={filters.type}
        clearable
        onChange={(value) => onChange({ type: value as Filters['type'] })}
      />
      <Select
        className={styles.more}
        placeholder={t('queue:anyScheme')}
        aria-label={t('queue:scheme')}
        data={schemes}
        value={filters.scheme}
        clearable
        searchable
        onChange={(value) => onChange({ scheme: value })}
      />
      {regions.length > 0 && (
        <Select
          className={styles.more}
          placeholder={t('queue:anyRegion')}
          aria-label={t('queue:region')}
          data={regions}
          value={filters.region}
          clearable
          searchable
          onChange={(value) => onChange({ region: value })}
        />
      )}
      <Select
        className={styles.more}
        placeholder={t('queue:anyStore')}
        aria-label={t('queue:store')}
        data={stores}
        value={filters.store_id}
        clearable
        searchable
        onChange={(value) => onChange({ store_id: value })}
      />
      <Select
        className={styles.more}
        placeholder={t('queue:anyRisk')}
        aria-label={t('queue:risk')}
        data={riskChoices.map((value) => ({
          value,
          label: t('queue:riskFrom', { risk: formatRisk(Number(value)) }),
        }))}
        value={filters.min_risk}
        clearable
        onChange={(value) => onChange({ min_risk: value })}
      />
      <Select
        className={styles.more}
        aria-label={t('queue:order')}
        data={sortChoices.map((value) => ({ value, label: t(`queue:sort.${value}`) }))}
        value={filters.sort}
        allowDeselect={false}
        onChange={(value) => onChange({ sort: (value ?? 'rank') as Filters['sort'] })}
      />
      <Extras filters={filters} onChange={onChange} />
      {isNarrowed(filters) && (
        <Button variant="subtle" onClick={() => onChange(cleared)}>
          {t('queue:clear')}
        </Button>
      )}
      <SavedFilters filters={filters} onReplace={onReplace} />
    </div>
  )
}

function extraValue(name: ExtraName, value: string): string {
  if (['from', 'to', 'decided_from', 'decided_to'].includes(name)) return formatMoment(value)
  if (name === 'signal') return label(value)
  if (name === 'verdict')
    return value
      .split(',')
      .map((kind) => verdictLabel(kind as Parameters<typeof verdictLabel>[0]))
      .join(', ')
  return value
}

// What another page's link brought along; it can be taken off one by one.
function Extras({ filters, onChange }: Pick<Props, 'filters' | 'onChange'>) {
  return (
    <>
      {extraNames.map((name) => {
        const value = filters[name]
        if (value === null) return null
        const what = t(`queue:extra.${name}`, { value: extraValue(name, value) })
        return (
          <Button
            key={name}
            className={styles.extra}
            variant="light"
            rightSection={<X size={13} />}
            aria-label={t('queue:takeOff', { what })}
            onClick={() => onChange({ [name]: null })}
          >
            {what}
          </Button>
        )
      })}
    </>
  )
}

interface SearchProps {
  value: string
  onChange: (value: string) => void
  inputRef: RefObject<HTMLInputElement>
}

function SearchInput({ value, onChange, inputRef }: SearchProps) {
  const [text, setText] = useState(value)
  const report = useDebouncedCallback(onChange, 250)
  useEffect(() => setText(value), [value])
  return (
    <TextInput
      ref={inputRef}
      className={styles.search}
      type="search"
      placeholder={t('queue:searchHint')}
      aria-label={t('queue:search')}
      leftSection={<Search size={14} />}
      maxLength={128}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value)
        report(event.currentTarget.value)
      }}
      onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
    />
  )
}
