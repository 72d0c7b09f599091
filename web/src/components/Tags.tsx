// SPDX-License-Identifier: Apache-2.0
import { Tooltip } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Alert } from '../api/client'
import { formatMoment, formatRisk, formatSpan } from '../lib/format'
import { t } from '../lib/i18n'
import { alertStatusLabel, verdictLabel } from '../lib/vocabulary'
import styles from './Tags.module.css'

const soonMs = 4 * 3_600_000

export function RiskTag({ risk }: { risk: number }) {
  const level = risk >= 0.9 ? 'top' : risk >= 0.8 ? 'high' : 'low'
  return (
    <span className={styles.risk} data-level={level}>
      <span className="sr">{t('risk')} </span>
      {formatRisk(risk)}
    </span>
  )
}

// The verdict says more than "closed", so it takes the status's place.
export function StatusTag({ alert }: { alert: Pick<Alert, 'status' | 'verdict'> }) {
  const kind = alert.verdict?.verdict ?? alert.status
  const text = alert.verdict ? verdictLabel(alert.verdict.verdict) : alertStatusLabel(alert.status)
  return (
    <span className={styles.tag} data-kind={kind} data-status={alert.status}>
      {text}
    </span>
  )
}

// A term with its explanation on hover and on focus.
export function Help({ text, children }: { text: string; children: ReactNode }) {
  return (
    <Tooltip label={text} events={{ hover: true, focus: true, touch: true }}>
      <button type="button" className={styles.help}>
        {children}
      </button>
    </Tooltip>
  )
}

// Until when an open alert is to be decided.
export function DueTag({
  alert,
  nowMs,
}: {
  alert: Pick<Alert, 'due_at' | 'status' | 'snoozed_until'>
  nowMs: number
}) {
  if (alert.status === 'CLOSED') return null
  if (alert.snoozed_until) {
    const time = formatMoment(alert.snoozed_until)
    return <span className={styles.due}>{t('work:snoozedUntil', { time })}</span>
  }
  const leftMs = Date.parse(alert.due_at) - nowMs
  const level = leftMs < 0 ? 'over' : leftMs < soonMs ? 'soon' : 'later'
  const span = formatSpan(leftMs)
  return (
    <span className={styles.due} data-level={level} title={formatMoment(alert.due_at)}>
      {level === 'over' ? t('work:overdue', { span }) : t('work:due', { span })}
    </span>
  )
}

// The state of something that is no alert: a word with a dot whose colour says how it stands.
export function StateTag({
  tone,
  children,
}: {
  tone: 'good' | 'bad' | 'warn' | 'none'
  children: ReactNode
}) {
  return (
    <span className={styles.tag} data-tone={tone}>
      {children}
    </span>
  )
}
