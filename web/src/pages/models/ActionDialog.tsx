// SPDX-License-Identifier: Apache-2.0
//
// What changes the model that scores is confirmed, with a reason that the journal keeps.
import { Button, Group, Modal, Textarea } from '@mantine/core'
import { type FormEvent, useEffect, useState } from 'react'
import { useModelAction } from '../../api/queries'
import { asSentence } from '../../lib/format'
import { t } from '../../lib/i18n'
import type { Wanted } from './ModelsPage'
import styles from './Models.module.css'

const buttons = {
  promote: 'models:promote',
  archive: 'models:withdraw',
  rollback: 'models:rollback',
} as const

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
  const action = wanted?.action ?? 'promote'
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!wanted || !isGood) return
    mutate({ action: wanted.action, modelId: wanted.model.id, reason }, { onSuccess: onClose })
  }
  return (
    <Modal
      opened={wanted !== null}
      onClose={onClose}
      title={t(`models:ask.${action}`)}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      <form className={styles.dialog} onSubmit={submit}>
        <p>
          <b className={styles.id}>{wanted?.model.id}</b>
          <br />
          {t(`models:askText.${action}`)}
        </p>
        <Textarea
          label={t('models:reason')}
          data-autofocus
          autosize
          minRows={2}
          value={reason}
          error={bytes > reasonMax ? t('models:reasonLong', { n: reasonMax }) : undefined}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {error && (
          <p className={styles.problem} role="alert">
            {asSentence(error.message)}
          </p>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t('actions.cancel')}
          </Button>
          <Button type="submit" disabled={!isGood} loading={isPending}>
            {t(buttons[action])}
          </Button>
        </Group>
      </form>
    </Modal>
  )
}
