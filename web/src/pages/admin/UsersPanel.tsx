// SPDX-License-Identifier: Apache-2.0
//
// Accounts: who may sign in, as what, and for which stores.
import { ActionIcon, Button, Group, Menu, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { EllipsisVertical, Search, UserPlus } from 'lucide-react'
import { useState } from 'react'
import { useMe } from '../../app/session'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { ErrorState } from '../../components/States'
import { StateTag } from '../../components/Tags'
import { formatAge, formatCount } from '../../lib/format'
import { t } from '../../lib/i18n'
import { useNow } from '../../lib/useNow'
import page from '../Page.module.css'
import { PageSkeleton } from '../PageSkeleton'
import { ConfirmDialog } from './ConfirmDialog'
import { SecretDialog } from './SecretDialog'
import { UserDialog } from './UserDialog'
import { type Link, type User, useChangeUser, useNewLink, usersQuery } from './queries'

type Open =
  | { what: 'edit'; user: User | null }
  | { what: 'link'; user: User; link: Link | null }
  | { what: 'state'; user: User }
  | null

const stateTone = { ACTIVE: 'good', INVITED: 'warn', DISABLED: 'none' } as const

function matches(user: User, text: string): boolean {
  return [user.user_id, user.name, user.email ?? '', user.team ?? '']
    .join('\n')
    .toLowerCase()
    .includes(text)
}

export const linkAddress = (link: Link) => new URL(link.path, window.location.origin).href

export function UsersPanel() {
  const { data, error, refetch } = useQuery(usersQuery)
  const [text, setText] = useState('')
  const [open, setOpen] = useState<Open>(null)
  const close = () => setOpen(null)
  if (error && !data)
    return (
      <ErrorState
        title={t('admin:users.unreadable')}
        error={error}
        onRetry={() => void refetch()}
      />
    )
  if (!data) return <PageSkeleton />
  const users = data.items.filter((user) => matches(user, text.trim().toLowerCase()))
  return (
    <>
      <div className={page.tools}>
        <TextInput
          type="search"
          aria-label={t('admin:users.find')}
          placeholder={t('admin:users.find')}
          leftSection={<Search size={14} />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button
          leftSection={<UserPlus size={14} />}
          onClick={() => setOpen({ what: 'edit', user: null })}
        >
          {t('admin:users.invite')}
        </Button>
      </div>
      <Panel
        title={t('admin:users.title')}
        aside={formatCount(users.length)}
        className={page.spaced}
        isFlush
      >
        <div className={page.wide} tabIndex={0} role="group" aria-label={t('admin:users.title')}>
          <table className={lists.table} style={{ minWidth: 760 }}>
            <thead>
              <tr>
                {(['name', 'role', 'team', 'stores', 'state', 'lastSeen'] as const).map((name) => (
                  <th scope="col" key={name}>
                    {t(`admin:users.${name}`)}
                  </th>
                ))}
                <th scope="col">
                  <span className="sr">{t('admin:actions')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {users.map((user) => (
                <UserRow key={user.user_id} user={user} onOpen={setOpen} />
              ))}
            </tbody>
          </table>
        </div>
      </Panel>
      <UserDialog
        wanted={open?.what === 'edit' ? open : null}
        onClose={close}
        onLink={(user, link) => setOpen({ what: 'link', user, link })}
      />
      {open?.what === 'link' && open.link && (
        <SecretDialog
          title={t('admin:users.linkTitle', { name: open.user.name })}
          text={t('admin:users.linkText')}
          secret={linkAddress(open.link)}
          onClose={close}
        />
      )}
      {open?.what === 'link' && !open.link && (
        <NewLinkDialog
          user={open.user}
          onClose={close}
          onLink={(link) => setOpen({ ...open, link })}
        />
      )}
      {open?.what === 'state' && <StateDialog user={open.user} onClose={close} />}
    </>
  )
}

function UserRow({ user, onOpen }: { user: User; onOpen: (open: Open) => void }) {
  const now = useNow()
  const me = useMe()
  const isDisabled = user.state === 'DISABLED'
  return (
    <tr>
      <td>
        <b>{user.name}</b>
        <div className={`${page.mono} muted`}>{user.user_id}</div>
      </td>
      <td>{t(`roles.${user.role}`)}</td>
      <td>{user.team ?? '–'}</td>
      <td>{user.stores.length === 0 ? t('admin:scope.all') : user.stores.join(', ')}</td>
      <td>
        <StateTag tone={stateTone[user.state]}>{t(`admin:users.states.${user.state}`)}</StateTag>
      </td>
      <td className="num">
        {user.last_seen ? formatAge(user.last_seen, now) : t('admin:users.never')}
      </td>
      <td>
        <Group justify="flex-end">
          <Menu position="bottom-end" withinPortal>
            <Menu.Target>
              <ActionIcon aria-label={t('admin:users.menu', { name: user.name })}>
                <EllipsisVertical size={16} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => onOpen({ what: 'edit', user })}>
                {t('admin:users.edit')}
              </Menu.Item>
              <Menu.Item
                disabled={isDisabled}
                onClick={() => onOpen({ what: 'link', user, link: null })}
              >
                {t('admin:users.newLink')}
              </Menu.Item>
              <Menu.Item
                disabled={user.user_id === me}
                onClick={() => onOpen({ what: 'state', user })}
              >
                {isDisabled ? t('admin:users.enable') : t('admin:users.disable')}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </Group>
      </td>
    </tr>
  )
}

function NewLinkDialog({
  user,
  onClose,
  onLink,
}: {
  user: User
  onClose: () => void
  onLink: (link: Link) => void
}) {
  const { mutate, error, isPending } = useNewLink()
  return (
    <ConfirmDialog
      title={t('admin:users.newLinkTitle', { name: user.name })}
      text={t('admin:users.newLinkText')}
      button={t('admin:users.newLink')}
      error={error}
      isBusy={isPending}
      onClose={onClose}
      onConfirm={() => mutate(user.user_id, { onSuccess: onLink })}
    />
  )
}

function StateDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const { mutate, error, isPending } = useChangeUser()
  const isDisabled = user.state === 'DISABLED'
  const words = isDisabled ? 'enable' : 'disable'
  return (
    <ConfirmDialog
      title={t(`admin:users.${words}Title`, { name: user.name })}
      text={t(`admin:users.${words}Text`)}
      button={t(`admin:users.${words}`)}
      error={error}
      isBusy={isPending}
      onClose={onClose}
      onConfirm={() =>
        mutate(
          { user, change: { state: isDisabled ? 'ACTIVE' : 'DISABLED' } },
          { onSuccess: onClose },
        )
      }
    />
  )
}
