// SPDX-License-Identifier: Apache-2.0
//
// A rejected record is mended by hand and goes the way of every record again.
import { Button, Group, JsonInput, Modal, Select, Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { type FormEvent, useState } from 'react'
import { ApiError } from '../../api/client'
import { asSentence } from '../../lib/format'
import { t } from '../../lib/i18n'
import { Problem } from '../admin/ConfirmDialog'
import { type Letter, type Resubmission, useResubmit } from './queries'

const kinds = ['transaction', 'movement', 'shift'] as const
type Kind = (typeof kinds)[number]

function kindOf(record: string): Kind {
  if (record.includes('"movement_id"')) return 'movement'
  return record.includes('"event_id"') ? 'shift' : 'transaction'
}

// Readable when it is JSON, as it is when it is not.
function pretty(record: string): string {
  try {
    return JSON.stringify(JSON.parse(record), null, 2)
  } catch {
    return record
  }
}

function parsed(text: string): Resubmission['record'] | null {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Resubmission['record']) : null
  } catch {
    return null
  }
}

export function MendDialog({ letter, onClose }: { letter: Letter; onClose: () => void }) {
  const [kind, setKind] = useState<Kind>(() => kindOf(letter.excerpt))
  const [text, setText] = useState(() => pretty(letter.excerpt))
  const { mutate, error, isPending } = useResubmit()
  const record = parsed(text)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!record) return
    mutate(
      { id: letter.id, body: { kind, record } },
      {
        onSuccess: (result) => {
          const words = result.outcome === 'accepted' ? 'sent' : 'known'
          notifications.show({ message: t(`data:letters.${words}`, { id: result.record_id }) })
          onClose()
        },
      },
    )
  }
  return (
    <Modal
      opened
      size="lg"
      onClose={onClose}
      title={t('data:letters.mendTitle')}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Text size="sm">
            <b>{asSentence(letter.sentence)}</b> {t('data:letters.mendHelp')}
          </Text>
          <Select
            label={t('data:letters.kind')}
            data={kinds.map((value) => ({ value, label: t(`data:letters.kinds.${value}`) }))}
            allowDeselect={false}
            value={kind}
            onChange={(value) => setKind(value as Kind)}
          />
          <JsonInput
            size="xs"
            label={t('data:letters.json')}
            data-autofocus
            autosize
            minRows={8}
            maxRows={24}
            spellCheck={false}
            validationError={t('data:letters.notJson')}
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
            value={text}
            error={error instanceof ApiError && error.field ? error.field : undefined}
            onChange={setText}
          />
          <Problem error={error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t('actions.cancel')}
            </Button>
            <Button type="submit" disabled={!record} loading={isPending}>
              {t('data:letters.send')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
