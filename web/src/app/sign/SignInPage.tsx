// SPDX-License-Identifier: Apache-2.0
//
// Signing in: by user and password, through the organisation's provider, or, while there is no account
// yet, by the link that the server printed.
import { Button, Divider, PasswordInput, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { type Session, api, unwrap } from '../../api/client'
import { ErrorState } from '../../components/States'
import { asSentence } from '../../lib/format'
import { t } from '../../lib/i18n'
import styles from './Sign.module.css'
import { SignFrame } from './SignFrame'

interface Props {
  onDone: (session: Session) => void
}

const problems = ['denied', 'expired', 'provider', 'not_allowed', 'disabled'] as const

// Why the provider's way ended here.
function takeProblem() {
  const word = new URLSearchParams(window.location.search).get('problem')
  return problems.find((problem) => problem === word) ?? (word ? 'provider' : null)
}

// Where the reader wanted to go; the provider's way comes back to it.
function wantedPath(): string {
  const { pathname, search } = window.location
  return pathname === '/sign-in' ? '/' : pathname + search
}

export function SignInPage({ onDone }: Props) {
  const ways = useQuery({
    queryKey: ['sign-in'],
    queryFn: () => unwrap(api.GET('/v1/sign-in')),
  })
  const [problem] = useState(takeProblem)
  if (ways.error) {
    return (
      <ErrorState
        title={t('states.noAnswer')}
        error={ways.error}
        onRetry={() => void ways.refetch()}
      />
    )
  }
  if (!ways.data) return null
  const { password, oidc, set_up_needed } = ways.data
  if (set_up_needed) return <SetUpNeeded />
  return (
    <SignFrame title={t('sign:title')}>
      {problem && (
        <p role="alert" className={styles.error}>
          {t(`sign:problem.${problem}`)}
        </p>
      )}
      {password && <PasswordForm onDone={onDone} />}
      {password && oidc && <Divider label={t('sign:or')} />}
      {oidc && (
        <Button
          component="a"
          size="sm"
          variant={password ? 'default' : 'filled'}
          href={`${oidc.start}?return_to=${encodeURIComponent(wantedPath())}`}
        >
          {t('sign:oidc', { name: oidc.name })}
        </Button>
      )}
      <p className={styles.hint}>{t('sign:lost')}</p>
    </SignFrame>
  )
}

function PasswordForm({ onDone }: Props) {
  const [user, setUser] = useState('')
  const [password, setPassword] = useState('')
  const signIn = useMutation({
    mutationFn: () =>
      unwrap(api.POST('/v1/session', { body: { user: user.trim().toLowerCase(), password } })),
    onSuccess: onDone,
  })
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    signIn.mutate()
  }
  return (
    <form className={styles.form} onSubmit={onSubmit}>
      <TextInput
        size="sm"
        label={t('sign:user')}
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus
        required
        withAsterisk={false}
        maxLength={64}
        value={user}
        onChange={(event) => setUser(event.currentTarget.value)}
      />
      <PasswordInput
        size="sm"
        label={t('sign:password')}
        name="password"
        autoComplete="current-password"
        required
        withAsterisk={false}
        maxLength={128}
        visibilityToggleButtonProps={{ 'aria-label': t('sign:reveal') }}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      {signIn.error && (
        <p role="alert" className={styles.error}>
          {asSentence(signIn.error.message)}
        </p>
      )}
      <Button type="submit" size="sm" loading={signIn.isPending}>
        {t('sign:title')}
      </Button>
    </form>
  )
}

function SetUpNeeded() {
  return (
    <SignFrame title={t('sign:setUp')}>
      <p>{t('sign:setUpHelp')}</p>
      <pre tabIndex={0}>{`${t('sign:setUpLink')} ${window.location.origin}/#/setup/…`}</pre>
      <p>{t('sign:setUpAgain')}</p>
      <pre tabIndex={0}>tillwatch serve --new-link</pre>
    </SignFrame>
  )
}
