// SPDX-License-Identifier: Apache-2.0
//
// A secret that is shown once.
import { Button, CopyButton, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { t } from '../../lib/i18n'

interface Props {
  title: string
  text: string
  secret: string
  onClose: () => void
}

export function SecretDialog({ title, text, secret, onClose }: Props) {
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      <Stack gap="sm">
        <Text size="sm">{text}</Text>
        <Group gap="xs" wrap="nowrap" align="flex-end">
          <TextInput
            style={{ flex: 1 }}
            label={t('admin:secret')}
            readOnly
            value={secret}
            data-autofocus
            onFocus={(event) => event.currentTarget.select()}
          />
          <CopyButton value={secret}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy}>
                {copied ? t('actions.copied') : t('actions.copy')}
              </Button>
            )}
          </CopyButton>
        </Group>
        <Group justify="flex-end">
          <Button onClick={onClose}>{t('actions.close')}</Button>
        </Group>
      </Stack>
    </Modal>
  )
}
