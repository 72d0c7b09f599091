// SPDX-License-Identifier: Apache-2.0
//
// The live alert queue. The order of rows changes only when the reader asks for it: alerts that arrive
// are announced, alerts that grow, are worked or get a verdict change in place.
import { Button, Modal, SegmentedControl } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useQuery } from '@tanstack/react-query'
import { Zap } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useNavigate, useSearchParams } from 'react-router-dom'
import type { Alert, VerdictKind } from '../../api/client'
import { summaryQuery } from '../../api/queries'
import { useAlertAction, useClaimNext } from '../../api/work'
import { useLiveStream } from '../../app/live'
import { useCan, useMe } from '../../app/session'
import { prefetchCharts } from '../../charts/lazy'
import { ErrorState } from '../../components/States'
import { VerdictForm, offerUndo, useDecide } from '../../components/VerdictForm'
import { Superseded } from '../../lib/conflict'
import {
  type Filters,
  type View,
  alertMatches,
  filtersFromParams,
  paramsFromFilters,
  viewFilters,
  viewOf,
  views,
} from '../../lib/filters'
import { asSentence, formatCount } from '../../lib/format'
import { t } from '../../lib/i18n'
import { serverText } from '../../lib/serverText'
import { useKeys } from '../../lib/useKeys'
import { useTitle } from '../../lib/useTitle'
import { verdictVerb } from '../../lib/vocabulary'
import { type BulkPanel, BulkBar } from './BulkBar'
import styles from './Queue.module.css'
import { QueueEmpty } from './QueueEmpty'
import { QueueFilters } from './QueueFilters'
import { QueueList, QueueSkeleton } from './QueueList'
import { queueMemory, rememberFilters } from './memory'
import { type Queue, useQueue } from './useQueue'
import { type Selection, useSelection } from './useSelection'

const alertPath = (alertId: string) => `/alerts/${encodeURIComponent(alertId)}`

function showFailure(error: unknown) {
  if (error instanceof Superseded) return
  const why = error instanceof Error ? asSentence(error.message) : ''
  notifications.show({ message: t('work:failed', { why }), color: 'red' })
}

export function QueuePage() {
  useTitle(t('queue:title'))
  const navigate = useNavigate()
  const can = useCan()
  const me = useMe()
  const [params, setParams] = useSearchParams()
  const filters = useMemo(() => {
    const read = filtersFromParams(params)
    rememberFilters(read)
    return read
  }, [params])
  const queue = useQueue(filters)
  const selection = useSelection(queue.alerts)
  const { stream, arrivals } = useLiveStream()
  const [selectedId, setSelectedId] = useState(queueMemory.selectedId)
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set())
  const [renewedN, setRenewedN] = useState(0)
  const [deciding, setDeciding] = useState<{ alert: Alert; kind: VerdictKind } | null>(null)
  const [panel, setPanel] = useState<BulkPanel | null>(null)
  const searchRef = useRef<HTMLInputElement>(null)
  const act = useAlertAction()
  const next = useNextBest()

  useEffect(() => {
    queueMemory.selectedId = selectedId
  }, [selectedId])

  useEffect(prefetchCharts, [])

  const waiting = useMemo(() => {
    const known = new Set(queue.alerts.map((alert) => alert.alert_id))
    return arrivals.filter(
      (alert) => !known.has(alert.alert_id) && alertMatches(alert, filters, me),
    )
  }, [arrivals, queue.alerts, filters, me])

  const showArrivals = () => {
    setFresh(new Set(waiting.map((alert) => alert.alert_id)))
    stream.clearArrivals()
    queueMemory.offset = 0
    void queue.renew().then(() => setRenewedN((n) => n + 1))
  }
  const setFilters = (all: Filters) => setParams(paramsFromFilters(all), { replace: true })
  const change = (part: Partial<Filters>) => setFilters({ ...filters, ...part })
  const index = queue.alerts.findIndex((alert) => alert.alert_id === selectedId)
  const selected = queue.alerts[index]
  const move = (step: number) => {
    const other = queue.alerts[Math.min(Math.max(index + step, 0), queue.alerts.length - 1)]
    if (other) setSelectedId(other.alert_id)
  }
  const open = () => {
    if (selected) navigate(alertPath(selected.alert_id))
  }
  const decide = (kind: VerdictKind) => {
    if (selected && can('work')) setDeciding({ alert: selected, kind })
  }
  const { undo } = useDecide()
  const onDecided = ({ alert, kind }: { alert: Alert; kind: VerdictKind }, after: Alert | null) => {
    setDeciding(null)
    if (!after) return
    offerUndo(alert, kind, () => undo(after, alert.verdict))
    move(1)
  }
  const onCancel = () => {
    setDeciding(null)
    document.querySelector<HTMLElement>('[data-selected]')?.focus()
  }
  const claim = () => {
    if (!selected || !can('work')) return
    const { alert_id: alertId, version } = selected
    act.mutateAsync({ alertId, version, body: { action: 'claim' } }).catch(showFailure)
  }
  // Keys that ask something work on what is ticked, else on the row in hand.
  const ask = (wanted: BulkPanel) => {
    if (!can('work')) return
    if (selection.picked.length === 0 && selected) selection.toggle(selected.alert_id, false)
    if (selection.picked.length > 0 || selected) setPanel(wanted)
  }
  useKeys({
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    o: open,
    Enter: open,
    c: claim,
    x: () => selected && selection.toggle(selected.alert_id, false),
    X: () => selected && selection.toggle(selected.alert_id, true),
    a: () => ask('assign'),
    s: () => ask('snooze'),
    e: () => ask('escalate'),
    f: () => ask('case'),
    b: () => can('work') && next.run(),
    y: () => decide('CONFIRMED'),
    r: () => decide('REFUTED'),
    p: () => decide('OPERATIONAL'),
    i: () => decide('INCONCLUSIVE'),
    n: showArrivals,
    Escape: selection.clear,
    '/': () => searchRef.current?.focus(),
  })

  return (
    <div className={styles.page}>
      <div className={styles.top}>
        <div className={styles.head}>
          <h1 className={styles.title}>
            {t('queue:title')}
            {queue.total !== undefined && (
              <span className="num" data-testid="total">
                {formatCount(queue.total)}
              </span>
            )}
          </h1>
          <div className={styles.views}>
            <SegmentedControl
              size="xs"
              data={views.map((view) => ({ value: view, label: t(`queue:view.${view}`) }))}
              value={viewOf(filters) ?? ''}
              onChange={(view) => change(viewFilters[view as View])}
              aria-label={t('queue:view.label')}
            />
          </div>
          {can('work') && (
            <Button
              className={styles.next}
              leftSection={<Zap size={14} />}
              loading={next.isPending}
              aria-keyshortcuts="b"
              onClick={next.run}
            >
              {t('queue:next')}
            </Button>
          )}
        </div>
        <QueueFilters
          filters={filters}
          onChange={change}
          onReplace={setFilters}
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
            {t('queue:new', { count: waiting.length })}
          </button>
        )}
        <QueueBody
          key={`${params.toString()}|${renewedN}`}
          queue={queue}
          filters={filters}
          selection={selection}
          selectedId={selectedId}
          fresh={fresh}
          onSelect={setSelectedId}
          onClear={() => setParams({}, { replace: true })}
        />
        {selection.picked.length > 0 && can('work') && (
          <BulkBar
            alerts={selection.picked}
            panel={panel}
            onPanel={setPanel}
            onClear={selection.clear}
            onDone={() => void queue.renew()}
          />
        )}
      </div>
      <Modal
        opened={deciding !== null}
        onClose={onCancel}
        returnFocus={false}
        title={deciding ? `${verdictVerb(deciding.kind)}: ${serverText(deciding.alert.title)}` : ''}
        closeButtonProps={{ 'aria-label': t('actions.close') }}
        size="auto"
      >
        {deciding && (
          <VerdictForm
            alert={deciding.alert}
            kind={deciding.kind}
            onDone={(after) => onDecided(deciding, after)}
          />
        )}
      </Modal>
    </div>
  )
}

function useNextBest() {
  const navigate = useNavigate()
  const { mutateAsync, isPending } = useClaimNext()
  const run = () => {
    mutateAsync().then((alert) => {
      if (alert) navigate(alertPath(alert.alert_id))
      else notifications.show({ message: t('queue:nothingWaits') })
    }, showFailure)
  }
  return { run, isPending }
}

interface BodyProps {
  queue: Queue
  filters: Filters
  selection: Selection
  selectedId: string | null
  fresh: ReadonlySet<string>
  onSelect: (alertId: string) => void
  onClear: () => void
}

function QueueBody({ queue, filters, onClear, ...list }: BodyProps) {
  const summary = useQuery(summaryQuery)
  if (queue.isPending) return <QueueSkeleton />
  if (queue.isError && queue.alerts.length === 0) {
    return (
      <ErrorState
        title={t('queue:unreadable')}
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
      hasMore={queue.hasNextPage}
      onMore={() => {
        if (!queue.isFetchingNextPage) void queue.fetchNextPage()
      }}
      {...list}
    />
  )
}
