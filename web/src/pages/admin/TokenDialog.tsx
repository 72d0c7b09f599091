// SPDX-License-Identifier: Apache-2.0
import { Button, Checkbox, Group, Modal, Select, Stack, TextInput } from '@mantine/core'
import { type FormEvent, useEffect, useState } from 'react'
import type { Right } from '../../api/client'
import { t } from '../../lib/i18n'
import { Problem } from './ConfirmDialog'
import { ScopeInput } from './ScopeInput'
import { useCreateToken } from './queries'

const rights: Right[] = [
  'ingest',
  'score',
  'read',
  'work',
  'manage',
  'names',
  'sql',
  'audit',
  'admin',
]
const lives = ['0', '30', '90', '365'] as const

interface Props {
  isOpen: boolean
  onClose: () => void
  onMade: (token: { name: string; token: string }) => void
}

function expiry(days: string): string | null {
  return days === '0' ? null : new Date(Date.now() + Number(days) * 86_400_000).toISOString()
}

export function TokenDialog({ isOpen, onClose, onMade }: Props) {
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<string[]>(['ingest'])
  const [stores, setStores] = useState<string[]>([])
  const [days, setDays] = useState<string>('365')
  const { mutate, error, isPending, reset } = useCreateToken()
  useEffect(() => {
    if (!isOpen) return
    setName('')
    setChosen(['ingest'])
    setStores([])
    setDays('365')
    reset()
  }, [isOpen, reset])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    mutate(
      { name: name.trim(), rights: chosen as Right[], stores, expires_at: expiry(days) },
      { onSuccess: onMade },
    )
  }
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t('admin:tokens.create')}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            label={t('admin:tokens.name')}
            description={t('admin:tokens.nameHelp')}
            required
            data-autofocus
            maxLength={64}
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Checkbox.Group
            label={t('admin:tokens.rights')}
            size="xs"
            value={chosen}
            onChange={setChosen}
          >
            <Stack gap={6} mt={6}>
              {rights.map((right) => (
                <Checkbox
                  key={right}
                  size="xs"
                  value={right}
                  label={right}
                  description={t(`admin:rightHelp.${right}`)}
                />
              ))}
            </Stack>
          </Checkbox.Group>
          <ScopeInput value={stores} onChange={setStores} />
          <Select
            label={t('admin:tokens.expires')}
            data={lives.map((value) => ({ value, label: t(`admin:tokens.lives.${value}`) }))}
            allowDeselect={false}
            value={days}
            onChange={(value) => setDays(value ?? '365')}
          />
          <Problem error={error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t('actions.cancel')}
            </Button>
            <Button type="submit" disabled={chosen.length === 0} loading={isPending}>
              {t('admin:tokens.create')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
