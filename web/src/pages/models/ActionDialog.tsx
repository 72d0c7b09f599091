// SPDX-License-Identifier: Apache-2.0
//
// What changes the model that scores is confirmed, with a reason that the journal keeps.
import { Button, Group, Modal, Textarea } from '@mantine/core'
import { type FormEvent, useEffect, useState } from 'react'
import { type ModelAction, useModelAction } from '../../api/queries'
import { asSentence } from '../../lib/format'
import type { Wanted } from './ModelsPage'
import styles from './Models.module.css'

const texts: Record<ModelAction, { title: string; text: string; button: string }> = {
  promote: {
    title: 'Promote this model?',
    text: 'It scores every transaction from the next one on. The champion of now rests and can come back.',
    button: 'Promote',
  },
  archive: {
    title: 'Withdraw the challenger?',
    text: 'It stops to score in the shadow. It stays in the list and can be promoted later.',
    button: 'Withdraw',
  },
  rollback: {
    title: 'Roll back to the champion before?',
    text: 'The model that was champion before this one scores again, from the next transaction on.',
    button: 'Roll back',
  },
}

// Bytes of UTF-8 that a reason may have.
const reasonMax = 128

export function ActionDialog({ wanted, onClose }: { wanted: Wanted | null; onClose: () => void }) {
  const [reason, setReason] = useState('')
  const { mutate, error, isPending, reset } = useModelAction()
  useEffect(() => {
    setReason('')
    reset()
  }, [wanted, reset])
  const bytes = new TextEncoder().encode(reason).length
  const isGood = reason.trim() !== '' && bytes <= reasonMax
  const text = texts[wanted?.action ?? 'promote']
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!wanted || !isGood) return
    mutate({ action: wanted.action, modelId: wanted.model.id, reason }, { onSuccess: onClose })
  }
  return (
    <Modal
      opened={wanted !== null}
      onClose={onClose}
      title={text.title}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form className={styles.dialog} onSubmit={submit}>
        <p>
          <b className={styles.id}>{wanted?.model.id}</b>
          <br />
          {text.text}
        </p>
        <Textarea
          label="Reason"
          data-autofocus
          autosize
          minRows={2}
          value={reason}
          error={bytes > reasonMax ? `At most ${reasonMax} bytes` : undefined}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {error && (
          <p className={styles.problem} role="alert">
            {asSentence(error.message)}
          </p>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" disabled={!isGood} loading={isPending}>
            {text.button}
          </Button>
        </Group>
      </form>
    </Modal>
  )
}
