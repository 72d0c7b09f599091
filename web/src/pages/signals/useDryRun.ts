// SPDX-License-Identifier: Apache-2.0
//
// Runs the draft over the past while it is edited. One backtest runs at a time on the server: a draft
// that changed meanwhile waits for its turn, and only the newest one counts.
import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useState } from 'react'
import { ApiError, api, unwrap } from '../../api/client'
import { type Backtest, type BacktestRequest, startBacktest, stopBacktest } from '../../api/insight'
import { summaryQuery } from '../../api/queries'
import { type Draft, isEmptyDraft, policyValues, signalChanges } from './draft'

export const dryRunDays = 28

const settleMs = 700
const pollMs = 500
const turnMs = 1_000
// A longer journal takes long to replay: then a click starts it.
const automaticFacts = 3_000_000

export type DryRun =
  | { state: 'idle' }
  | { state: 'asking' } // the journal is long: wait for a click
  | { state: 'waiting' } // for its turn
  | { state: 'running'; id: string; share: number | null }
  | { state: 'stopped' }
  | { state: 'failed'; message: string }
  | { state: 'done'; backtest: Backtest }

const idle: DryRun = { state: 'idle' }

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(new DOMException('Given up', 'AbortError'))
    })
  })
}

async function start(body: BacktestRequest, signal: AbortSignal): Promise<Backtest> {
  for (;;) {
    try {
      return await startBacktest(body)
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 409)) throw error
      await pause(turnMs, signal)
    }
  }
}

async function run(body: BacktestRequest, tell: (run: DryRun) => void, signal: AbortSignal) {
  let backtest = await start(body, signal)
  while (backtest.state === 'running') {
    const share = backtest.all > 0 ? backtest.done / backtest.all : null
    tell({ state: 'running', id: backtest.id, share })
    await pause(pollMs, signal)
    const params = { path: { backtest_id: backtest.id } }
    backtest = await unwrap(api.GET('/v1/backtests/{backtest_id}', { params, signal }))
  }
  return backtest
}

// What the request for a draft is; null for none.
function requestOf(draft: Draft, newest: string | null | undefined): BacktestRequest | null {
  if (isEmptyDraft(draft)) return null
  const signals = signalChanges(draft)
  const policy = policyValues(draft)
  return {
    ...(signals.length > 0 && { signal_changes: signals }),
    ...(Object.keys(policy).length > 0 && { policy_values: policy }),
    ...(newest && {
      from: new Date(Date.parse(newest) - dryRunDays * 86_400_000).toISOString(),
    }),
  }
}

// Results of this tab by request: going back to an earlier value shows its result at once.
const known = new Map<string, Backtest>()
const knownMax = 50

function remember(key: string, backtest: Backtest) {
  if (known.size >= knownMax) known.delete(known.keys().next().value ?? '')
  known.set(key, backtest)
}

export interface DryRunControl {
  dryRun: DryRun
  begin: () => void
  // Of the one that runs; `begin` starts it again.
  stop: () => void
}

export function useDryRun(draft: Draft): DryRunControl {
  const { data: summary } = useQuery(summaryQuery)
  // The day, not the instant: else every new transaction would make it another request.
  const newest = summary?.last_transaction_time?.slice(0, 10)
  const request = requestOf(draft, newest)
  const key = request ? JSON.stringify(request) : ''
  const isLong = (summary?.facts ?? 0) > automaticFacts
  const [begun, setBegun] = useState('')
  const [stopped, setStopped] = useState('')
  const [shown, setShown] = useState<{ key: string; run: DryRun }>({ key: '', run: idle })
  const isStopped = key !== '' && stopped === key
  const isHeld = isStopped || (isLong && begun !== key)

  useEffect(() => {
    if (!key || isHeld) return
    const found = known.get(key)
    if (found) return setShown({ key, run: { state: 'done', backtest: found } })
    const control = new AbortController()
    const tell = (run: DryRun) => {
      if (!control.signal.aborted) setShown({ key, run })
    }
    tell({ state: 'waiting' })
    const work = async () => {
      await pause(settleMs, control.signal)
      const backtest = await run(JSON.parse(key) as BacktestRequest, tell, control.signal)
      if (backtest.state === 'failed')
        return tell({ state: 'failed', message: backtest.detail ?? '' })
      remember(key, backtest)
      tell({ state: 'done', backtest })
    }
    work().catch((error: unknown) => {
      tell({ state: 'failed', message: error instanceof Error ? error.message : '' })
    })
    return () => control.abort()
  }, [key, isHeld])

  const begin = useCallback(() => {
    setStopped('')
    setBegun(key)
  }, [key])
  const runningId = shown.key === key && shown.run.state === 'running' ? shown.run.id : null
  const stop = useCallback(() => {
    setStopped(key)
    // One that ended in the meantime is forgotten by the server: nothing is left to stop.
    if (runningId) void stopBacktest(runningId).catch(() => undefined)
  }, [key, runningId])
  const dryRun = ((): DryRun => {
    if (!key) return idle
    if (isStopped) return { state: 'stopped' }
    if (isHeld) return { state: 'asking' }
    return shown.key === key ? shown.run : { state: 'waiting' }
  })()
  return { dryRun, begin, stop }
}
