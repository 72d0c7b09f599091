// SPDX-License-Identifier: Apache-2.0
//
// A one-time link: whoever opens it chooses a password and is signed in. The set-up link makes the
// first account.
import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { ApiError, type Session, api, unwrap } from '../../api/client'
import { asSentence, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import styles from './Sign.module.css'
import { SignFrame } from './SignFrame'

interface Props {
  token: string
  onDone: (session: Session) => void
  onGiveUp: () => void
}

const passwordMin = 12

export function LinkPage({ token, onDone, onGiveUp }: Props) {
  const link = useQuery({
    queryKey: ['setup', token],
    queryFn: () => unwrap(api.POST('/v1/sign-in', { body: { link_token: token } })),
    retry: false,
    staleTime: Infinity,
  })
  if (link.error) {
    const isUsed = link.error instanceof ApiError && [401, 404, 422].includes(link.error.status)
    return (
      <SignFrame title={isUsed ? t('sign:linkUsed') : t('sign:failed')}>
        <p role="alert">{isUsed ? t('sign:linkUsedHelp') : asSentence(link.error.message)}</p>
        <div>
          <Button
            size="sm"
            variant="default"
            onClick={isUsed ? onGiveUp : () => void link.refetch()}
          >
            {isUsed ? t('sign:whatNow') : t('actions.tryAgain')}
          </Button>
        </div>
      </SignFrame>
    )
  }
  if (!link.data) return <SignFrame title={t('sign:busy')}>{null}</SignFrame>
  const { kind, user_id, name, expires_at } = link.data
  const isFirst = kind === 'set_up'
  return (
    <SignFrame title={isFirst ? t('sign:first') : t('sign:welcome', { name: name ?? user_id })}>
      <p>
        {isFirst ? t('sign:firstHelp') : t('sign:welcomeHelp', { user: user_id })}{' '}
        {t('sign:linkUntil', { time: formatTime(expires_at, 'dateTime') })}
      </p>
      <AccountForm token={token} isFirst={isFirst} user={user_id} onDone={onDone} />
    </SignFrame>
  )
}

interface FormProps {
  token: string
  isFirst: boolean
  user: string | null
  onDone: (session: Session) => void
}

function AccountForm({ token, isFirst, user: known, onDone }: FormProps) {
  const [user, setUser] = useState(known ?? 'admin')
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const create = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST('/v1/session', {
          body: {
            link_token: token,
            password,
            ...(isFirst && { user: user.trim().toLowerCase(), name: name.trim() || user.trim() }),
          },
        }),
      ),
    onSuccess: onDone,
  })
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    create.mutate()
  }
  const error = create.error
  const field = error instanceof ApiError ? error.field : undefined
  return (
    <form className={styles.form} onSubmit={onSubmit}>
      {isFirst && (
        <TextInput
          size="sm"
          label={t('sign:name')}
          autoComplete="name"
          maxLength={128}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
      )}
      <TextInput
        size="sm"
        label={t('sign:user')}
        description={isFirst ? t('sign:userHelp') : undefined}
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        withAsterisk={false}
        readOnly={!isFirst}
        maxLength={64}
        error={field === 'user' && error ? asSentence(error.message) : undefined}
        value={user}
        onChange={(event) => setUser(event.currentTarget.value)}
      />
      <PasswordInput
        size="sm"
        label={t('sign:newPassword')}
        description={t('sign:passwordHelp', { n: passwordMin })}
        name="password"
        autoComplete="new-password"
        autoFocus
        required
        withAsterisk={false}
        minLength={passwordMin}
        maxLength={128}
        error={field === 'password' && error ? asSentence(error.message) : undefined}
        visibilityToggleButtonProps={{ 'aria-label': t('sign:reveal') }}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      {error && field !== 'user' && field !== 'password' && (
        <p role="alert" className={styles.error}>
          {asSentence(error.message)}
        </p>
      )}
      <Button type="submit" size="sm" loading={create.isPending}>
        {t('sign:start')}
      </Button>
    </form>
  )
}
