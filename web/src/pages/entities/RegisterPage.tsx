// SPDX-License-Identifier: Apache-2.0
//
// One register: who works on it, and a day of it receipt by receipt.
import { ActionIcon } from '@mantine/core'
import { DatePickerInput, DatesProvider } from '@mantine/dates'
import '../../lib/dates'
import { useQuery } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useMemo } from 'react'
import { useNavigate, useParams, useSearchParams } from 'react-router-dom'
import type { TransactionBrief } from '../../api/client'
import { type Register, type SearchHit, registerQuery } from '../../api/insight'
import { TimelineChart } from '../../charts/lazy'
import { Panel } from '../../components/Panel'
import { QueryError } from '../../components/States'
import { employeeAddress, storeAddress, transactionAddress } from '../../lib/address'
import { formatCount } from '../../lib/format'
import { currentLanguage, t } from '../../lib/i18n'
import { addDays, fromLocalDate, isDate, toLocalDate } from '../../lib/period'
import { useTitle } from '../../lib/useTitle'
import page from '../Page.module.css'
import { PageSkeleton } from '../PageSkeleton'
import { CountsTable } from './CountsTable'
import styles from './Entities.module.css'
import { EntityHead } from './EntityHead'
import { HitsTable } from './HitsTable'
import { AlertsPanel } from './Outcomes'
import { WindowsPanel } from './Windows'

export function RegisterPage() {
  const { storeId = '', registerId = '' } = useParams()
  const [params] = useSearchParams()
  const asked = params.get('date')
  const date = isDate(asked) ? asked : null
  const name = t('entity.register', { id: registerId })
  useTitle(`${name}, ${storeId}`)
  const { data, error, refetch } = useQuery(registerQuery(storeId, registerId, date))
  if (error && !data)
    return (
      <QueryError what="register" id={registerId} error={error} onRetry={() => void refetch()} />
    )
  if (!data) return <PageSkeleton />
  return (
    <div className={page.page}>
      <EntityHead
        crumbs={[
          { to: '/stores', label: t('pages.stores') },
          { to: storeAddress(storeId), label: t('entity.store', { id: storeId }) },
        ]}
        title={name}
        search={{ store_id: storeId, register_id: registerId }}
        caseContents={{
          title: `${t('entity.store', { id: storeId })}, ${name}`,
          subjects: [{ kind: 'REGISTER', id: `${storeId}/${registerId}` }],
        }}
      />
      <DayPanel register={data} />
      <div className={page.columns}>
        <div className={page.column}>
          <CountsTable
            title={t('entities:employees.title')}
            aside={t('entities:days92')}
            name={t('entities:employee')}
            rows={data.employees}
            addressOf={employeeAddress}
            empty={t('entities:employees.none')}
          />
          <WindowsPanel windows={data.windows} />
        </div>
        <AlertsPanel alerts={data.alerts} />
      </div>
    </div>
  )
}

const asBrief = (hit: SearchHit): TransactionBrief =>
  ({ ...hit, alerted: hit.alert_id !== null }) as TransactionBrief

function DayPanel({ register }: { register: Register }) {
  const navigate = useNavigate()
  const { timeline } = register
  const items = useMemo(() => timeline.map(asBrief), [timeline])
  return (
    <Panel
      title={t('entities:day.title', { count: timeline.length, n: formatCount(timeline.length) })}
      aside={register.date && <DayPicker date={register.date} />}
    >
      {timeline.length === 0 ? (
        <p className={styles.quiet}>{t('entities:day.none')}</p>
      ) : (
        <>
          <TimelineChart
            items={items}
            currency={timeline[0]?.total.currency ?? 'USD'}
            selectedId={null}
            height={170}
            onPick={(id) => navigate(transactionAddress(id))}
          />
          <div className={styles.bleed}>
            <HitsTable
              hits={timeline}
              name={t('entities:day.list')}
              empty={t('entities:day.none')}
              hasStore={false}
            />
          </div>
        </>
      )}
    </Panel>
  )
}

function DayPicker({ date }: { date: string }) {
  const [, setParams] = useSearchParams()
  const go = (to: string) => setParams({ date: to }, { replace: true, preventScrollReset: true })
  return (
    <span className={styles.dayPicker}>
      <ActionIcon
        aria-label={t('entities:day.before')}
        size="sm"
        onClick={() => go(addDays(date, -1))}
      >
        <ChevronLeft size={16} />
      </ActionIcon>
      <DatesProvider settings={{ locale: currentLanguage(), firstDayOfWeek: 1 }}>
        <DatePickerInput
          size="xs"
          w={140}
          aria-label={t('entities:day.pick')}
          valueFormat="ll"
          value={toLocalDate(date)}
          onChange={(value) => value && go(fromLocalDate(value))}
        />
      </DatesProvider>
      <ActionIcon
        aria-label={t('entities:day.after')}
        size="sm"
        onClick={() => go(addDays(date, 1))}
      >
        <ChevronRight size={16} />
      </ActionIcon>
    </span>
  )
}
