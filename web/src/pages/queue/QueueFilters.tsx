// SPDX-License-Identifier: Apache-2.0
import { Button, SegmentedControl, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Search, SlidersHorizontal } from 'lucide-react'
import { type RefObject, useEffect, useState } from 'react'
import { signalsQuery, storesQuery } from '../../api/queries'
import { type Filters, isNarrowed, riskChoices, typeChoices } from '../../lib/filters'
import { formatCount } from '../../lib/format'
import { alertTypeLabel, label } from '../../lib/vocabulary'
import styles from './QueueFilters.module.css'

interface Props {
  filters: Filters
  total: number | undefined
  onChange: (change: Partial<Filters>) => void
  searchRef: RefObject<HTMLInputElement>
}

const statuses = [
  { value: 'OPEN', label: 'Open' },
  { value: 'NEW', label: 'New' },
  { value: 'IN_REVIEW', label: 'In review' },
  { value: 'CLOSED', label: 'Closed' },
  { value: 'ALL', label: 'All' },
]
const types = typeChoices.map((value) => ({ value, label: alertTypeLabel(value) }))
const risks = riskChoices.map((value) => ({ value, label: `Risk ${value} and above` }))
const sorts = [
  { value: 'rank', label: 'By rank' },
  { value: 'created', label: 'Newest first' },
  { value: 'exposure', label: 'By exposure' },
]

function useChoices() {
  const signals = useQuery(signalsQuery)
  const stores = useQuery(storesQuery)
  const schemes = [...new Set((signals.data?.items ?? []).map((signal) => signal.scheme))].sort()
  return {
    schemes: schemes.map((value) => ({ value, label: label(value) })),
    stores: (stores.data?.items ?? []).map((store) => ({
      value: store.store_id,
      label: store.alerts_open ? `${store.store_id} (${store.alerts_open})` : store.store_id,
    })),
  }
}

export function QueueFilters({ filters, total, onChange, searchRef }: Props) {
  const { schemes, stores } = useChoices()
  const [isOpen, setOpen] = useState(false)
  const narrowedN = [filters.type, filters.scheme, filters.store_id, filters.min_risk].filter(
    Boolean,
  ).length
  return (
    <div className={styles.bar} data-open={isOpen || undefined}>
      <h1 className={styles.title}>
        Alerts
        {total !== undefined && (
          <span className="num" data-testid="total">
            {formatCount(total)}
          </span>
        )}
      </h1>
      <SegmentedControl
        className={styles.status}
        size="xs"
        data={statuses}
        value={filters.status}
        onChange={(value) => onChange({ status: value as Filters['status'] })}
        aria-label="Status"
      />
      <SearchInput value={filters.q} onChange={(q) => onChange({ q })} inputRef={searchRef} />
      <Button
        className={styles.toggle}
        variant="default"
        leftSection={<SlidersHorizontal size={14} />}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        Filters{narrowedN > 0 && ` (${narrowedN})`}
      </Button>
      <Select
        className={styles.more}
        placeholder="Any type"
        aria-label="Type"
        data={types}
        value={filters.type}
        clearable
        onChange={(value) => onChange({ type: value as Filters['type'] })}
      />
      <Select
        className={styles.more}
        placeholder="Any scheme"
        aria-label="Scheme"
        data={schemes}
        value={filters.scheme}
        clearable
        searchable
        onChange={(value) => onChange({ scheme: value })}
      />
      <Select
        className={styles.more}
        placeholder="Any store"
        aria-label="Store"
        data={stores}
        value={filters.store_id}
        clearable
        searchable
        onChange={(value) => onChange({ store_id: value })}
      />
      <Select
        className={styles.more}
        placeholder="Any risk"
        aria-label="Risk"
        data={risks}
        value={filters.min_risk}
        clearable
        onChange={(value) => onChange({ min_risk: value })}
      />
      <Select
        className={styles.more}
        aria-label="Order"
        data={sorts}
        value={filters.sort}
        allowDeselect={false}
        onChange={(value) => onChange({ sort: (value ?? 'rank') as Filters['sort'] })}
      />
      {isNarrowed(filters) && (
        <Button
          variant="subtle"
          onClick={() =>
            onChange({ type: null, scheme: null, store_id: null, min_risk: null, q: '' })
          }
        >
          Clear
        </Button>
      )}
    </div>
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
      placeholder="Search id, employee, store, register"
      aria-label="Search alerts"
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
