// SPDX-License-Identifier: Apache-2.0
//
// The live alert queue. The order of rows changes only when the reader asks for it: alerts that arrive
// are announced, alerts that grow or get a verdict change in place.
import { Modal } from '@mantine/core'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useNavigate, useSearchParams } from 'react-router-dom'
import type { Alert, VerdictKind } from '../../api/client'
import { alertsQuery, summaryQuery } from '../../api/queries'
import { useLiveStream } from '../../app/live'
import { prefetchCharts } from '../../charts/lazy'
import { ErrorState } from '../../components/States'
import { VerdictForm, offerUndo, useDecide } from '../../components/VerdictForm'
import { type Filters, alertMatches, filtersFromParams, paramsFromFilters } from '../../lib/filters'
import { formatCount } from '../../lib/format'
import { useKeys } from '../../lib/useKeys'
import { useTitle } from '../../lib/useTitle'
import { verdictVerb } from '../../lib/vocabulary'
import styles from './Queue.module.css'
import { QueueEmpty } from './QueueEmpty'
import { QueueFilters } from './QueueFilters'
import { QueueList, QueueSkeleton } from './QueueList'
import { queueMemory, rememberFilters } from './memory'

function useQueue(filters: Filters) {
  const client = useQueryClient()
  const query = alertsQuery(filters)
  const result = useInfiniteQuery(query)
  const alerts = useMemo(
    () => result.data?.pages.flatMap((page) => page.items) ?? [],
    [result.data],
  )
  // Begins again at the first page, without a blank screen in between.
  const renew = async () => {
    client.setQueryData(query.queryKey, (data) =>
      data ? { pages: data.pages.slice(0, 1), pageParams: data.pageParams.slice(0, 1) } : data,
    )
    await result.refetch()
  }
  return { ...result, alerts, renew, total: result.data?.pages[0]?.total }
}

export function QueuePage() {
  useTitle('Alerts')
  const navigate = useNavigate()
  const [params, setParams] = useSearchParams()
  const filters = useMemo(() => {
    const read = filtersFromParams(params)
    rememberFilters(read)
    return read
  }, [params])
  const queue = useQueue(filters)
  const { stream, arrivals } = useLiveStream()
  const [selectedId, setSelectedId] = useState(queueMemory.selectedId)
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set())
  const [renewedN, setRenewedN] = useState(0)
  const [deciding, setDeciding] = useState<{ alert: Alert; kind: VerdictKind } | null>(null)
  const searchRef = useRef<HTMLInputElement>(null)

  useEffect(() => {
    queueMemory.selectedId = selectedId
  }, [selectedId])

  useEffect(prefetchCharts, [])

  const waiting = useMemo(() => {
    const known = new Set(queue.alerts.map((alert) => alert.alert_id))
    return arrivals.filter((alert) => !known.has(alert.alert_id) && alertMatches(alert, filters))
  }, [arrivals, queue.alerts, filters])

  const showArrivals = () => {
    setFresh(new Set(waiting.map((alert) => alert.alert_id)))
    stream.clearArrivals()
    queueMemory.offset = 0
    void queue.renew().then(() => setRenewedN((n) => n + 1))
  }
  const change = (part: Partial<Filters>) => {
    setParams(paramsFromFilters({ ...filters, ...part }), { replace: true })
  }
  const index = queue.alerts.findIndex((alert) => alert.alert_id === selectedId)
  const move = (step: number) => {
    const next = queue.alerts[Math.min(Math.max(index + step, 0), queue.alerts.length - 1)]
    if (next) setSelectedId(next.alert_id)
  }
  const open = () => {
    if (queue.alerts[index]) navigate(`/alerts/${encodeURIComponent(queue.alerts[index].alert_id)}`)
  }
  const decide = (kind: VerdictKind) => {
    const alert = queue.alerts[index]
    if (alert) setDeciding({ alert, kind })
  }
  const { undo } = useDecide()
  const onDecided = ({ alert, kind }: { alert: Alert; kind: VerdictKind }) => {
    setDeciding(null)
    offerUndo(alert, kind, () => undo(alert, alert.verdict))
    move(1)
  }
  const onCancel = () => {
    setDeciding(null)
    document.querySelector<HTMLElement>('[data-selected]')?.focus()
  }
  useKeys({
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    o: open,
    Enter: open,
    c: () => decide('CONFIRMED'),
    r: () => decide('REFUTED'),
    p: () => decide('OPERATIONAL'),
    i: () => decide('INCONCLUSIVE'),
    n: showArrivals,
    '/': () => searchRef.current?.focus(),
  })

  return (
    <div className={styles.page}>
      <div className={styles.top}>
        <QueueFilters
          filters={filters}
          total={queue.total}
          onChange={change}
          searchRef={searchRef}
        />
      </div>
      <div className={styles.pane}>
        {waiting.length > 0 && (
          <button
            type="button"
            className={styles.pill}
            onClick={showArrivals}
            data-testid="arrivals"
          >
            {waiting.length === 1 ? '1 new alert' : `${formatCount(waiting.length)} new alerts`}
          </button>
        )}
        <QueueBody
          key={`${params.toString()}|${renewedN}`}
          queue={queue}
          filters={filters}
          selectedId={selectedId}
          fresh={fresh}
          onSelect={setSelectedId}
          onClear={() => setParams({}, { replace: true })}
        />
      </div>
      <Modal
        opened={deciding !== null}
        onClose={onCancel}
        returnFocus={false}
        title={deciding ? `${verdictVerb(deciding.kind)}: ${deciding.alert.title}` : ''}
        closeButtonProps={{ 'aria-label': 'Close' }}
        size="auto"
      >
        {deciding && (
          <VerdictForm
            alert={deciding.alert}
            kind={deciding.kind}
            onDone={() => onDecided(deciding)}
          />
        )}
      </Modal>
    </div>
  )
}

interface BodyProps {
  queue: ReturnType<typeof useQueue>
  filters: Filters
  selectedId: string | null
  fresh: ReadonlySet<string>
  onSelect: (alertId: string) => void
  onClear: () => void
}

function QueueBody({ queue, filters, selectedId, fresh, onSelect, onClear }: BodyProps) {
  const summary = useQuery(summaryQuery)
  if (queue.isPending) return <QueueSkeleton />
  if (queue.isError && queue.alerts.length === 0) {
    return (
      <ErrorState
        title="The queue could not be read"
        error={queue.error}
        onRetry={() => void queue.refetch()}
      />
    )
  }
  if (queue.alerts.length === 0) {
    return <QueueEmpty filters={filters} summary={summary.data} onClear={onClear} />
  }
  return (
    <QueueList
      alerts={queue.alerts}
      selectedId={selectedId}
      fresh={fresh}
      hasMore={queue.hasNextPage}
      onMore={() => {
        if (!queue.isFetchingNextPage) void queue.fetchNextPage()
      }}
      onSelect={onSelect}
    />
  )
}
