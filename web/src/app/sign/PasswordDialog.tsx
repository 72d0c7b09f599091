// SPDX-License-Identifier: Apache-2.0
import { Button, Modal, PasswordInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { ApiError, api, unwrap } from '../../api/client'
import { asSentence } from '../../lib/format'
import { t } from '../../lib/i18n'
import styles from './Sign.module.css'

export function PasswordDialog({ onClose }: { onClose: () => void }) {
  const [current, setCurrent] = useState('')
  const [password, setPassword] = useState('')
  const change = useMutation({
    mutationFn: () =>
      unwrap(api.PUT('/v1/session/password', { body: { current_password: current, password } })),
    onSuccess: () => {
      notifications.show({ message: t('sign:changed') })
      onClose()
    },
  })
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate()
  }
  const error = change.error
  const isCurrent = error instanceof ApiError && error.status === 403
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('sign:change')}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      <form className={styles.form} onSubmit={onSubmit}>
        <PasswordInput
          size="sm"
          label={t('sign:current')}
          autoComplete="current-password"
          required
          withAsterisk={false}
          data-autofocus
          maxLength={128}
          error={isCurrent ? asSentence(error.message) : undefined}
          visibilityToggleButtonProps={{ 'aria-label': t('sign:reveal') }}
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
        <PasswordInput
          size="sm"
          label={t('sign:newPassword')}
          description={t('sign:passwordHelp', { n: 12 })}
          autoComplete="new-password"
          required
          withAsterisk={false}
          minLength={12}
          maxLength={128}
          error={error && !isCurrent ? asSentence(error.message) : undefined}
          visibilityToggleButtonProps={{ 'aria-label': t('sign:reveal') }}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" size="sm" loading={change.isPending}>
          {t('sign:change')}
        </Button>
      </form>
    </Modal>
  )
}
