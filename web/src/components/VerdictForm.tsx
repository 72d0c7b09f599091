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
import { t } from '../lib/i18n'
import { verdictHelp, verdictLabel } from '../lib/vocabulary'
import { UndoButton } from './UndoButton'
import styles from './VerdictForm.module.css'

// What a verdict is on: an alert, or a single transaction (of the audit sample).
type Subject = Pick<Alert, 'alert_id'> | { transaction_id: string }
export type Decided = Subject & Pick<Alert, 'verdict' | 'exposure'>

const subjectOf = (subject: Subject) =>
  'alert_id' in subject
    ? { alert_id: subject.alert_id }
    : { transaction_id: subject.transaction_id }

// Posts verdicts and takes them back. A verdict that replaced another one is undone by giving the
// earlier one again; a first one by reopening the alert.
export function useDecide() {
  const verdict = useVerdict()
  const undo = (alert: Pick<Alert, 'alert_id'>, before: Alert['verdict']) =>
    verdict.mutateAsync({
      alert_id: alert.alert_id,
      ...(before
        ? {
            verdict: before.verdict,
            reason: before.reason,
            note: before.note ?? undefined,
            recovered_amount: before.recovered?.amount,
          }
        : { verdict: 'INCONCLUSIVE' as const, reason: 'reopened' as const }),
    })
  const decide = async (
    alert: Decided,
    kind: VerdictKind,
    reason: VerdictReason,
    note: string,
    recovered: string,
  ) => {
    await verdict.mutateAsync({
      ...subjectOf(alert),
      verdict: kind,
      reason,
      note: note.trim() || undefined,
      recovered_amount: recovered || undefined,
    })
  }
  return { decide, undo, isPending: verdict.isPending, error: verdict.error, reset: verdict.reset }
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
  onDone: () => void
}

export function VerdictForm({ alert, kind, onDone }: FormProps) {
  const { data } = useQuery(reasonsQuery)
  const { decide, isPending, error } = useDecide()
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

  const pick = (reason: VerdictReason) => {
    decide(alert, kind, reason, note, String(recovered)).then(onDone, () => undefined)
  }
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
            {item.title}
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
      {kind === 'CONFIRMED' && (
        <NumberInput
          label={t('verdictForm.recovered', { currency: alert.exposure.currency })}
          min={0}
          decimalScale={4}
          hideControls
          value={recovered}
          onChange={setRecovered}
        />
      )}
      {error && (
        <p className={styles.error} role="alert">
          {error.message}
        </p>
      )}
    </div>
  )
}
