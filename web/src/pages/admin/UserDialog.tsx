// SPDX-License-Identifier: Apache-2.0
//
// Makes or changes an account. A new one comes with a link at which the person chooses a password.
import { Autocomplete, Button, Group, Modal, Select, Stack, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useEffect, useState } from 'react'
import { ApiError } from '../../api/client'
import { t } from '../../lib/i18n'
import { Problem } from './ConfirmDialog'
import { ScopeInput } from './ScopeInput'
import {
  type Link,
  type Role,
  type User,
  useChangeUser,
  useCreateUser,
  usersQuery,
} from './queries'

const roles: Role[] = ['read-only', 'analyst', 'manager', 'admin', 'ingest']
const namesChoices = ['role', 'yes', 'no'] as const
type NamesChoice = (typeof namesChoices)[number]

interface Draft {
  user_id: string
  name: string
  email: string
  role: Role
  team: string
  stores: string[]
  names: NamesChoice
}

const empty: Draft = {
  user_id: '',
  name: '',
  email: '',
  role: 'analyst',
  team: '',
  stores: [],
  names: 'role',
}

function draftOf(user: User | null): Draft {
  if (!user) return empty
  return {
    user_id: user.user_id,
    name: user.name,
    email: user.email ?? '',
    role: user.role,
    team: user.team ?? '',
    stores: user.stores,
    names: user.sees_names === null ? 'role' : user.sees_names ? 'yes' : 'no',
  }
}

function fieldsOf(draft: Draft) {
  return {
    name: draft.name.trim(),
    email: draft.email.trim() || null,
    role: draft.role,
    team: draft.team.trim() || null,
    stores: draft.stores,
    sees_names: draft.names === 'role' ? null : draft.names === 'yes',
  }
}

interface Props {
  wanted: { user: User | null } | null
  onClose: () => void
  onLink: (user: User, link: Link) => void
}

export function UserDialog({ wanted, onClose, onLink }: Props) {
  const [draft, setDraft] = useState(empty)
  const create = useCreateUser()
  const change = useChangeUser()
  const { data } = useQuery(usersQuery)
  const user = wanted?.user ?? null
  useEffect(() => {
    setDraft(draftOf(user))
    create.reset()
    change.reset()
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [wanted])
  const set = (part: Partial<Draft>) => setDraft((old) => ({ ...old, ...part }))
  const error = create.error ?? change.error
  const fieldError = (field: string) =>
    error instanceof ApiError && error.field === field ? error.message : undefined
  const teams = [...new Set(data?.items.flatMap((other) => other.team ?? []))]
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (user) change.mutate({ user, change: fieldsOf(draft) }, { onSuccess: onClose })
    else
      create.mutate(
        { user_id: draft.user_id.trim(), ...fieldsOf(draft) },
        { onSuccess: (made) => onLink(made.user, made.link) },
      )
  }
  return (
    <Modal
      opened={wanted !== null}
      onClose={onClose}
      title={user ? t('admin:users.editTitle', { name: user.name }) : t('admin:users.invite')}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            label={t('admin:users.name')}
            required
            data-autofocus
            maxLength={128}
            autoComplete="off"
            value={draft.name}
            error={fieldError('name')}
            onChange={(event) => set({ name: event.currentTarget.value })}
          />
          <TextInput
            label={t('admin:users.login')}
            description={t('admin:users.loginHelp')}
            required
            readOnly={user !== null}
            maxLength={64}
            autoComplete="off"
            value={draft.user_id}
            error={fieldError('user_id')}
            onChange={(event) => set({ user_id: event.currentTarget.value })}
          />
          <TextInput
            type="email"
            label={t('admin:users.email')}
            maxLength={128}
            autoComplete="off"
            value={draft.email}
            error={fieldError('email')}
            onChange={(event) => set({ email: event.currentTarget.value })}
          />
          <Select
            label={t('admin:users.role')}
            description={t(`admin:roleHelp.${draft.role}`)}
            data={roles.map((role) => ({ value: role, label: t(`roles.${role}`) }))}
            allowDeselect={false}
            value={draft.role}
            onChange={(role) => set({ role: role as Role })}
          />
          <Autocomplete
            size="xs"
            label={t('admin:users.team')}
            data={teams}
            maxLength={64}
            value={draft.team}
            onChange={(team) => set({ team })}
          />
          <ScopeInput value={draft.stores} onChange={(stores) => set({ stores })} />
          <Select
            label={t('admin:users.names')}
            description={t('admin:users.namesHelp')}
            data={namesChoices.map((value) => ({
              value,
              label: t(`admin:users.namesChoices.${value}`),
            }))}
            allowDeselect={false}
            value={draft.names}
            onChange={(names) => set({ names: names as NamesChoice })}
          />
          <Problem error={error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t('actions.cancel')}
            </Button>
            <Button type="submit" loading={create.isPending || change.isPending}>
              {user ? t('admin:save') : t('admin:users.create')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
