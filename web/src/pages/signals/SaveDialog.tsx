// SPDX-License-Identifier: Apache-2.0
//
// Saves the draft as a new version, with a reason that stays with it.
import { Button, Group, Modal, Textarea } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useEffect, useState } from 'react'
import { ApiError, api, unwrap } from '../../api/client'
import { type ConfigChange, type Policy, type Signal, ifMatch } from '../../api/insight'
import { policyQuery } from '../../api/insight'
import { signalsQuery } from '../../api/queries'
import { asSentence } from '../../lib/format'
import { t } from '../../lib/i18n'
import { Changes } from './Changes'
import styles from './Signals.module.css'
import { type Draft, emptyDraft, policyValues, signalChanges } from './draft'
import { setDraft, useDraft } from './draftStore'

interface Props {
  isOpen: boolean
  onClose: () => void
  signals: Signal[]
  policy: Policy | undefined
}

export const reasonMax = 500

// The draft in the words of a version's changes.
export function changesOf(draft: Draft, signals: Signal[], policy: Policy | undefined) {
  const changes: ConfigChange[] = []
  for (const { name, enabled, weight, parameters } of signalChanges(draft)) {
    const now = signals.find((signal) => signal.name === name)
    if (!now) continue
    if (enabled !== undefined)
      changes.push({ signal: name, member: 'enabled', from: now.enabled, to: enabled })
    if (weight !== undefined)
      changes.push({ signal: name, member: 'weight', from: now.weight, to: weight })
    for (const [parameter, value] of Object.entries(parameters ?? {})) {
      const from = now.parameters.find((item) => item.name === parameter)?.value ?? null
      changes.push({ signal: name, member: `parameters.${parameter}`, from, to: value })
    }
  }
  for (const [name, value] of Object.entries(policyValues(draft))) {
    const from = policy?.fields.find((field) => field.name === name)?.value ?? null
    changes.push({ signal: null, member: name, from, to: value })
  }
  return changes
}

// Signals and policy are two things with a version each. What is saved leaves the draft at once, so
// that a second try after a failure between them does not save the first one again.
function useSave(versions: { signals: string; policy: string }) {
  const client = useQueryClient()
  const draft = useDraft()
  return useMutation({
    mutationFn: async (reason: string) => {
      const changes = signalChanges(draft)
      const values = policyValues(draft)
      if (changes.length > 0) {
        const header = ifMatch(versions.signals)
        await unwrap(api.PUT('/v1/signals', { params: { header }, body: { changes, reason } }))
        setDraft({ ...draft, signals: {} })
      }
      if (Object.keys(values).length > 0) {
        const header = ifMatch(versions.policy)
        await unwrap(api.PUT('/v1/policy', { params: { header }, body: { values, reason } }))
      }
      setDraft(emptyDraft)
    },
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['signals'] }),
        client.invalidateQueries({ queryKey: ['policy'] }),
      ]),
  })
}

export function SaveDialog({ isOpen, onClose, signals, policy }: Props) {
  const client = useQueryClient()
  const draft = useDraft()
  const [reason, setReason] = useState('')
  const version = client.getQueryData(signalsQuery.queryKey)?.version ?? ''
  const policyVersion = client.getQueryData(policyQuery.queryKey)?.version ?? ''
  const { mutate, error, isPending, reset } = useSave({ signals: version, policy: policyVersion })
  useEffect(() => {
    if (isOpen) reset()
  }, [isOpen, reset])
  const isGood = reason.trim() !== ''
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!isGood) return
    mutate(reason.trim(), {
      onSuccess: () => {
        setReason('')
        notifications.show({ message: t('signals:save.done') })
        onClose()
      },
    })
  }
  const isStale = error instanceof ApiError && error.status === 412
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t('signals:save.title')}
      size="lg"
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      <form className={styles.dialog} onSubmit={submit}>
        <Changes changes={changesOf(draft, signals, policy)} />
        <p>{t('signals:save.text')}</p>
        <Textarea
          label={t('signals:save.reason')}
          data-autofocus
          autosize
          minRows={2}
          maxLength={reasonMax}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {error && (
          <p className={styles.problem} role="alert">
            {isStale ? t('signals:save.stale') : asSentence(error.message)}
          </p>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t('actions.cancel')}
          </Button>
          <Button type="submit" disabled={!isGood} loading={isPending}>
            {t('signals:save.save')}
          </Button>
        </Group>
      </form>
    </Modal>
  )
}
