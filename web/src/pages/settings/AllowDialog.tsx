// SPDX-License-Identifier: Apache-2.0
import { Button, Group, Modal, Select, Stack, TextInput, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { signalsQuery } from '../../api/queries'
import { peopleQuery } from '../../api/work'
import { useMe } from '../../app/session'
import { t } from '../../lib/i18n'
import { entityKindLabel, label } from '../../lib/vocabulary'
import { Problem } from '../admin/ConfirmDialog'
import { type AllowRequest, useAddAllowed } from './queries'

type Kind = AllowRequest['entity']['kind']
const kinds: Kind[] = ['employee', 'register', 'store', 'account']
const MONTH_MS = 30 * 86_400_000

const dateIn = (ms: number) => new Date(Date.now() + ms).toISOString().slice(0, 10)

export function AllowDialog({ onClose }: { onClose: () => void }) {
  const me = useMe()
  const [kind, setKind] = useState<Kind>('employee')
  const [id, setId] = useState('')
  const [scheme, setScheme] = useState<string | null>(null)
  const [until, setUntil] = useState(() => dateIn(MONTH_MS))
  const [owner, setOwner] = useState<string | null>(me)
  const [reason, setReason] = useState('')
  const { mutate, error, isPending } = useAddAllowed()
  const people = useQuery(peopleQuery).data?.items ?? []
  const schemes = [...new Set(useQuery(signalsQuery).data?.items.map((signal) => signal.scheme))]
  const submit = (event: FormEvent) => {
    event.preventDefault()
    mutate(
      {
        entity: { kind, id: id.trim() },
        until: `${until}T00:00:00Z`,
        reason: reason.trim(),
        ...(scheme ? { scheme } : {}),
        ...(owner ? { owner } : {}),
      },
      { onSuccess: onClose },
    )
  }
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('settings:allow.add')}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Group grow gap="xs" align="flex-end">
            <Select
              label={t('settings:allow.kind')}
              data={kinds.map((value) => ({ value, label: entityKindLabel(value) }))}
              allowDeselect={false}
              value={kind}
              onChange={(value) => setKind(value as Kind)}
            />
            <TextInput
              label={t('settings:allow.id')}
              required
              data-autofocus
              maxLength={129}
              value={id}
              onChange={(event) => setId(event.currentTarget.value)}
            />
          </Group>
          <Select
            label={t('settings:allow.scheme')}
            placeholder={t('settings:allow.everyScheme')}
            data={schemes.map((value) => ({ value, label: label(value) }))}
            searchable
            clearable
            clearButtonProps={{ 'aria-label': t('settings:clear') }}
            value={scheme}
            onChange={setScheme}
          />
          <Group grow gap="xs" align="flex-end">
            <TextInput
              type="date"
              label={t('settings:allow.until')}
              required
              min={dateIn(86_400_000)}
              value={until}
              onChange={(event) => setUntil(event.currentTarget.value)}
            />
            <Select
              label={t('settings:allow.owner')}
              data={people.map((person) => ({ value: person.user_id, label: person.name }))}
              searchable
              value={owner}
              onChange={setOwner}
            />
          </Group>
          <Textarea
            label={t('settings:allow.reason')}
            required
            autosize
            minRows={2}
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <Problem error={error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t('actions.cancel')}
            </Button>
            <Button type="submit" loading={isPending}>
              {t('settings:allow.add')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
