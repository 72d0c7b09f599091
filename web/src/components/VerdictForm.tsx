// SPDX-License-Identifier: Apache-2.0
//
// A verdict in one click: the reason is the button. Note and recovered amount are optional and go
// along when they were filled in before.
import { NumberInput, Textarea } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import type { Alert, VerdictKind, VerdictReason } from '../api/client'
import { reasonsQuery, useVerdict } from '../api/queries'
import { useAlertAction } from '../api/work'
import { Superseded, shownError } from '../lib/conflict'
import { asSentence } from '../lib/format'
import { t } from '../lib/i18n'
import { reasonLabel, verdictHelp, verdictLabel } from '../lib/vocabulary'
import { UndoButton } from './UndoButton'
import styles from './VerdictForm.module.css'

// What a verdict is on: an alert as the reader saw it, or a single transaction (of the audit sample).
type SeenAlert = Pick<Alert, 'alert_id' | 'version'>
export type Decided = (SeenAlert | { transaction_id: string }) & Pick<Alert, 'verdict' | 'exposure'>

export interface Decision {
  reason: VerdictReason
  note: string
  recovered: string
}

const bodyOf = ({ reason, note, recovered }: Decision) => ({
  reason,
  note: note.trim() || undefined,
  recovered_amount: recovered || undefined,
})

// Gives verdicts and takes them back. A verdict that replaced another one is undone by giving the
// earlier one again; a first one by reopening the alert.
export function useDecide() {
  const onAlert = useAlertAction()
  const onTransaction = useVerdict()
  const undo = (alert: SeenAlert, before: Alert['verdict']) =>
    onAlert.mutateAsync({
      alertId: alert.alert_id,
      version: alert.version,
      body: {
        action: 'verdict',
        ...(before
          ? {
              verdict: before.verdict,
              ...bodyOf({
                reason: before.reason,
                note: before.note ?? '',
                recovered: before.recovered?.amount ?? '',
              }),
            }
          : { verdict: 'INCONCLUSIVE', reason: 'reopened' }),
      },
    })
  // The alert after it; null for a single transaction.
  const decide = async (
    subject: Decided,
    kind: VerdictKind,
    decision: Decision,
  ): Promise<Alert | null> => {
    const verdict = { verdict: kind, ...bodyOf(decision) }
    if ('transaction_id' in subject) {
      await onTransaction.mutateAsync({ transaction_id: subject.transaction_id, ...verdict })
      return null
    }
    return onAlert.mutateAsync({
      alertId: subject.alert_id,
      version: subject.version,
      body: { action: 'verdict', ...verdict },
    })
  }
  return {
    decide,
    undo,
    isPending: onAlert.isPending || onTransaction.isPending,
    error: shownError(onAlert.error ?? onTransaction.error),
  }
}

// Where the alert leaves the reader's sight, its undo stays for a while.
export function offerUndo(
  alert: Pick<Alert, 'alert_id'>,
  kind: VerdictKind,
  undo: () => Promise<unknown>,
) {
  const id = notifications.show({
    title: verdictLabel(kind),
    message: (
      <UndoButton
        alertId={alert.alert_id}
        onUndo={() => undo().then(() => notifications.hide(id))}
      />
    ),
    color: kind === 'CONFIRMED' ? 'red' : 'accent',
    autoClose: 10_000,
    closeButtonProps: { 'aria-label': t('actions.dismiss') },
  })
}

interface FormProps {
  alert: Decided
  kind: VerdictKind
  // With the alert as it is then; null when nothing was done, or for a single transaction.
  onDone: (after: Alert | null) => void
}

export function VerdictForm({ alert, kind, onDone }: FormProps) {
  const { decide, isPending, error } = useDecide()
  // The verdict is on what was there when the form was opened; what comes meanwhile is a conflict.
  const [seen] = useState(alert)
  const pick = (decision: Decision) => {
    decide(seen, kind, decision).then(onDone, (cause: unknown) => {
      if (cause instanceof Superseded) onDone(null)
    })
  }
  return (
    <ReasonForm
      kind={kind}
      currency={alert.exposure.currency}
      isPending={isPending}
      error={error}
      onPick={pick}
    />
  )
}

interface ReasonProps {
  kind: VerdictKind
  // Of the amount that was recovered; null where none is asked for.
  currency: string | null
  isPending: boolean
  error: string | null
  onPick: (decision: Decision) => void
}

export function ReasonForm({ kind, currency, isPending, error, onPick }: ReasonProps) {
  const { data } = useQuery(reasonsQuery)
  const [note, setNote] = useState('')
  const [recovered, setRecovered] = useState<string | number>('')
  const reasons = (data?.items ?? []).filter(
    (item) => item.verdict === kind && item.reason !== 'reopened',
  )

  const firstRef = useRef<HTMLButtonElement>(null)
  const hasReasons = reasons.length > 0
  useEffect(() => {
    // The focus trap of the surrounding dialog looks for its target before the reasons are there.
    const timer = setTimeout(() => firstRef.current?.focus(), 0)
    return () => clearTimeout(timer)
  }, [hasReasons])

  const pick = (reason: VerdictReason) => onPick({ reason, note, recovered: String(recovered) })
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement)
      return
    const reason = reasons[Number(event.key) - 1]
    if (reason && !isPending) pick(reason.reason)
  }

  return (
    <div className={styles.form} onKeyDown={onKeyDown}>
      <p className={styles.intro}>{verdictHelp(kind)}</p>
      <div className={styles.reasons}>
        {reasons.map((item, index) => (
          <button
            key={item.reason}
            type="button"
            className={styles.reason}
            disabled={isPending}
            ref={index === 0 ? firstRef : undefined}
            data-autofocus={index === 0 || undefined}
            data-reason={item.reason}
            onClick={() => pick(item.reason)}
          >
            <kbd aria-hidden="true">{index + 1}</kbd>
            {reasonLabel(item)}
          </button>
        ))}
      </div>
      <Textarea
        label={t('verdictForm.note')}
        autosize
        minRows={1}
        maxRows={4}
        maxLength={2000}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      {kind === 'CONFIRMED' && currency !== null && (
        <NumberInput
          label={t('verdictForm.recovered', { currency })}
          min={0}
          decimalScale={4}
          hideControls
          value={recovered}
          onChange={setRecovered}
        />
      )}
      {error && (
        <p className={styles.error} role="alert">
          {asSentence(error)}
        </p>
      )}
    </div>
  )
}
