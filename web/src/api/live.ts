// SPDX-License-Identifier: Apache-2.0
//
// The live stream. One connection for the whole portal. Figures and grown alerts are written into the
// query cache; alerts that no list holds yet are kept as "arrivals" until the reader asks for them.
//
// Browsers allow six connections to a server: tabs that nobody looks at give theirs back.
//
// The browser reconnects by itself after a lost connection (and resumes by Last-Event-ID). When the
// server answers with an error it gives up; then this connects again after a growing pause, and as
// events may be lost, everything is read anew.
import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import type { Alert, Summary, VerdictEvent } from './client'
import { applyStatusToLists, invalidateLearning, patchAlertInLists, summaryQuery } from './queries'

export interface LiveState {
  connection: 'connecting' | 'live' | 'offline'
  arrivals: Alert[]
}

const arrivalsMax = 500
const retryFirstMs = 1_000
const retryMaxMs = 15_000
const hiddenMs = 20_000

export class LiveStream {
  private state: LiveState = { connection: 'connecting', arrivals: [] }
  private readonly listeners = new Set<() => void>()
  private readonly client: QueryClient
  private source: EventSource | undefined
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private retryMs = retryFirstMs
  private hiddenTimer: ReturnType<typeof setTimeout> | undefined

  constructor(client: QueryClient) {
    this.client = client
  }

  start = (): (() => void) => {
    this.connect()
    document.addEventListener('visibilitychange', this.onVisibility)
    return () => {
      document.removeEventListener('visibilitychange', this.onVisibility)
      clearTimeout(this.hiddenTimer)
      clearTimeout(this.retryTimer)
      this.source?.close()
      this.source = undefined
    }
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  snapshot = (): LiveState => this.state

  reconnect = () => {
    clearTimeout(this.retryTimer)
    this.retryMs = retryFirstMs
    this.connect()
  }

  clearArrivals = () => this.set({ arrivals: [] })

  private onVisibility = () => {
    clearTimeout(this.hiddenTimer)
    if (document.hidden) {
      this.hiddenTimer = setTimeout(() => {
        clearTimeout(this.retryTimer)
        this.source?.close()
      }, hiddenMs)
    } else if (this.source?.readyState === EventSource.CLOSED) {
      this.set({ connection: 'connecting' })
      this.reconnect()
    }
  }

  private set(change: Partial<LiveState>) {
    this.state = { ...this.state, ...change }
    for (const listener of this.listeners) listener()
  }

  private connect() {
    this.source?.close()
    const isAgain = this.source !== undefined
    const source = new EventSource('/v1/events')
    this.source = source
    source.onopen = () => {
      this.retryMs = retryFirstMs
      this.set({ connection: 'live' })
      if (isAgain) this.readAnew()
    }
    source.onerror = () => {
      this.set({ connection: 'offline' })
      if (source.readyState !== EventSource.CLOSED) return
      // The session may have ended: that query decides what the portal shows.
      void this.client.invalidateQueries({ queryKey: ['session'] })
      this.retryTimer = setTimeout(() => this.connect(), this.retryMs)
      this.retryMs = Math.min(this.retryMs * 2, retryMaxMs)
    }
    source.addEventListener('stats', (event) => this.onStats(JSON.parse(event.data) as Summary))
    source.addEventListener('alert', (event) => this.onAlert(JSON.parse(event.data) as Alert))
    source.addEventListener('verdict', (event) =>
      this.onVerdict(JSON.parse(event.data) as VerdictEvent),
    )
    source.addEventListener('reset', () => this.readAnew())
  }

  private readAnew() {
    this.set({ arrivals: [] })
    void this.client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'session' })
  }

  private onStats(summary: Summary) {
    const before = this.client.getQueryData(summaryQuery.queryKey)
    this.client.setQueryData(summaryQuery.queryKey, summary)
    // Another model scores: by a training of the night, or by somebody else.
    if (before && before.model?.id !== summary.model?.id) void invalidateLearning(this.client)
  }

  private onAlert(alert: Alert) {
    const isListed = patchAlertInLists(this.client, alert.alert_id, () => alert)
    void this.client.invalidateQueries({ queryKey: ['alert', alert.alert_id] })
    if (isListed) return
    const others = this.state.arrivals.filter((other) => other.alert_id !== alert.alert_id)
    this.set({ arrivals: [alert, ...others].slice(0, arrivalsMax) })
  }

  private onVerdict(verdict: VerdictEvent) {
    if (!verdict.alert_id) return
    applyStatusToLists(this.client, verdict.alert_id, verdict.status)
    void this.client.invalidateQueries({ queryKey: ['alert', verdict.alert_id] })
    const arrivals = this.state.arrivals.filter((alert) => alert.alert_id !== verdict.alert_id)
    if (arrivals.length !== this.state.arrivals.length) this.set({ arrivals })
  }
}

export function useLive(stream: LiveStream): LiveState {
  return useSyncExternalStore(stream.subscribe, stream.snapshot)
}
