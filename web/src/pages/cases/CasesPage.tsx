// SPDX-License-Identifier: Apache-2.0
//
// The cases: newest change first.
import { Button, Modal, SegmentedControl, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Plus, Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { Link, useNavigate, useSearchParams } from 'react-router-dom'
import { casesQuery } from '../../api/cases'
import type { CaseBrief } from '../../api/client'
import { settingsQuery } from '../../api/settings'
import { peopleQuery } from '../../api/work'
import { useCan, useMe } from '../../app/session'
import { Person } from '../../components/Person'
import { ErrorState, State } from '../../components/States'
import { CaseStateTag } from '../../components/work/CaseStateTag'
import { formatAge, formatCount, formatMoment, formatMoney } from '../../lib/format'
import { t } from '../../lib/i18n'
import { useKeys } from '../../lib/useKeys'
import { useNow } from '../../lib/useNow'
import { useTitle } from '../../lib/useTitle'
import { PageSkeleton } from '../PageSkeleton'
import styles from './Cases.module.css'
import { NewCaseForm } from './NewCaseForm'
import {
  type ListFilters,
  type StateChoice,
  filtersFrom,
  isNarrowed,
  paramsFrom,
  queryFrom,
  stateChoices,
} from './filters'

export function CasesPage() {
  useTitle(t('cases:title'))
  const [params, setParams] = useSearchParams()
  const [isNew, setNew] = useState(false)
  const can = useCan()
  const navigate = useNavigate()
  const filters = filtersFrom(params)
  const change = (part: Partial<ListFilters>) =>
    setParams(paramsFrom({ ...filters, ...part }), { replace: true })
  const list = useInfiniteQuery(casesQuery(queryFrom(filters)))
  const cases = list.data?.pages.flatMap((page) => page.items) ?? []
  const total = list.data?.pages[0]?.total
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>{t('cases:title')}</h1>
        {total !== undefined && (
          <span className="muted num" data-testid="total">
            {formatCount(total)}
          </span>
        )}
        {can('work') && (
          <Button
            className={styles.right}
            leftSection={<Plus size={14} />}
            onClick={() => setNew(true)}
          >
            {t('cases:new')}
          </Button>
        )}
      </div>
      <ListTools filters={filters} onChange={change} />
      {list.error && !list.data ? (
        <ErrorState
          title={t('cases:unreadable')}
          error={list.error}
          onRetry={() => void list.refetch()}
        />
      ) : !list.data ? (
        <PageSkeleton />
      ) : cases.length === 0 ? (
        <NoCases filters={filters} onClear={() => setParams({ state: 'ALL' })} />
      ) : (
        <CaseTable cases={cases} />
      )}
      {list.hasNextPage && (
        <div>
          <Button
            variant="default"
            loading={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            {t('cases:more')}
          </Button>
        </div>
      )}
      <Modal
        opened={isNew}
        onClose={() => setNew(false)}
        title={t('cases:new')}
        closeButtonProps={{ 'aria-label': t('actions.close') }}
      >
        <NewCaseForm onDone={(id) => navigate(`/cases/${encodeURIComponent(id)}`)} />
      </Modal>
    </div>
  )
}

interface ToolsProps {
  filters: ListFilters
  onChange: (part: Partial<ListFilters>) => void
}

function ListTools({ filters, onChange }: ToolsProps) {
  const people = useQuery(peopleQuery)
  const settings = useQuery(settingsQuery)
  const me = useMe()
  const [text, setText] = useState(filters.q)
  const inputRef = useRef<HTMLInputElement>(null)
  const report = useDebouncedCallback((q: string) => onChange({ q }), 200)
  useEffect(() => setText(filters.q), [filters.q])
  useKeys({ '/': () => inputRef.current?.focus() })
  const regions = (settings.data?.regions ?? []).map((region) => region.name)
  const owners = (people.data?.items ?? []).map((person) => ({
    value: person.user_id === me ? 'me' : person.user_id,
    label: person.user_id === me ? t('people.me') : person.name,
  }))
  return (
    <div className={styles.tools}>
      <div className={styles.states}>
        <SegmentedControl
          size="xs"
          data={stateChoices.map((value) => ({ value, label: t(`cases:states.${value}`) }))}
          value={filters.state}
          onChange={(state) => onChange({ state: state as StateChoice })}
          aria-label={t('cases:state')}
        />
      </div>
      <TextInput
        ref={inputRef}
        className={styles.search}
        type="search"
        aria-label={t('cases:search')}
        placeholder={t('cases:searchHint')}
        leftSection={<Search size={14} />}
        maxLength={64}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value)
          report(event.currentTarget.value)
        }}
      />
      <Select
        className={styles.select}
        aria-label={t('cases:owner')}
        placeholder={t('cases:anyOwner')}
        data={owners}
        searchable
        clearable
        value={filters.owner}
        onChange={(owner) => onChange({ owner })}
      />
      {regions.length > 0 && (
        <Select
          className={styles.select}
          aria-label={t('cases:region')}
          placeholder={t('cases:anyRegion')}
          data={regions}
          searchable
          clearable
          value={filters.region}
          onChange={(region) => onChange({ region })}
        />
      )}
    </div>
  )
}

function NoCases({ filters, onClear }: { filters: ListFilters; onClear: () => void }) {
  if (isNarrowed(filters) || filters.state !== 'ALL') {
    return (
      <State
        title={t('cases:none')}
        actions={
          <Button variant="default" onClick={onClear}>
            {t('cases:showAll')}
          </Button>
        }
      >
        <p>{t('cases:noneHelp')}</p>
      </State>
    )
  }
  return (
    <State title={t('cases:empty')}>
      <p>{t('cases:emptyHelp')}</p>
    </State>
  )
}

function CaseTable({ cases }: { cases: CaseBrief[] }) {
  const now = useNow()
  return (
    <div className={styles.table}>
      <div className={styles.columns} aria-hidden="true">
        <span>{t('cases:column.case')}</span>
        <span>{t('cases:column.title')}</span>
        <span>{t('cases:column.state')}</span>
        <span>{t('cases:column.owner')}</span>
        <span>{t('cases:column.where')}</span>
        <span className={styles.contents}>{t('cases:column.contents')}</span>
        <span className={styles.figure}>{t('cases:column.exposure')}</span>
        <span className={`${styles.figure} ${styles.recovered}`}>
          {t('cases:column.recovered')}
        </span>
        <span className={styles.figure}>{t('cases:column.updated')}</span>
      </div>
      <ul className={styles.rows} aria-label={t('cases:title')}>
        {cases.map((file) => (
          <li key={file.case_id}>
            <CaseRow file={file} now={now} />
          </li>
        ))}
      </ul>
    </div>
  )
}

function contentsText(file: CaseBrief): string {
  return [
    t('cases:alerts', { count: file.alert_n }),
    file.attachment_n > 0 && t('cases:files', { count: file.attachment_n }),
    file.task_open_n > 0 && t('cases:openTasks', { count: file.task_open_n }),
  ]
    .filter(Boolean)
    .join(', ')
}

function CaseRow({ file, now }: { file: CaseBrief; now: number }) {
  return (
    <Link
      className={styles.row}
      to={`/cases/${encodeURIComponent(file.case_id)}`}
      data-case={file.case_id}
    >
      <span className={styles.id}>{file.case_id}</span>
      <span className={styles.title}>{file.title}</span>
      <span className={styles.stateCell}>
        <CaseStateTag state={file.state} />
      </span>
      <span className={styles.owner}>
        <Person user={file.owner} />
      </span>
      <span className={styles.where} title={file.region ?? undefined}>
        {file.store_id}
      </span>
      <span className={`${styles.contents} muted`}>{contentsText(file)}</span>
      <span className={`${styles.figure} ${styles.exposure}`}>{formatMoney(file.exposure)}</span>
      <span className={`${styles.figure} ${styles.recovered}`}>
        {Number(file.recovered.amount) > 0 ? formatMoney(file.recovered) : '–'}
      </span>
      <span
        className={`${styles.figure} ${styles.updated} muted`}
        title={formatMoment(file.updated_at)}
      >
        {formatAge(file.updated_at, now)}
      </span>
    </Link>
  )
}
