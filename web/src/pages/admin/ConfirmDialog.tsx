// SPDX-License-Identifier: Apache-2.0
//
// Asks before something that is not undone with one click.
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { asSentence } from '../../lib/format'
import { t } from '../../lib/i18n'

interface Props {
  title: string
  text: string
  button: string
  error: Error | null
  isBusy: boolean
  onClose: () => void
  onConfirm: () => void
}

export function ConfirmDialog({ title, text, button, error, isBusy, onClose, onConfirm }: Props) {
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      <Stack gap="sm">
        <Text size="sm">{text}</Text>
        <Problem error={error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t('actions.cancel')}
          </Button>
          <Button loading={isBusy} onClick={onConfirm}>
            {button}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}

// What the server says against a change.
export function Problem({ error }: { error: Error | null }) {
  return error ? (
    <Text size="sm" c="var(--tw-bad-text)" role="alert">
      {asSentence(error.message)}
    </Text>
  ) : null
}
