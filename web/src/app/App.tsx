// SPDX-License-Identifier: Apache-2.0
//
// Who may see what: a one-time link is exchanged first, then the session decides between the sign-in
// page and the portal.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Suspense, lazy, useEffect, useState, useSyncExternalStore } from 'react'
import { RouterProvider } from 'react-router-dom'
import { ApiError, type Session } from '../api/client'
import { sessionQuery } from '../api/queries'
import { ErrorState } from '../components/States'
import { adoptLanguage, currentLanguage, loadNamespaces, onLanguageChange, t } from '../lib/i18n'
import { router } from './router'

const SignInPage = lazy(async () => {
  const [page] = await Promise.all([import('./sign/SignInPage'), loadNamespaces(['sign'])])
  return { default: page.SignInPage }
})
const LinkPage = lazy(async () => {
  const [page] = await Promise.all([import('./sign/LinkPage'), loadNamespaces(['sign'])])
  return { default: page.LinkPage }
})

const setupPattern = /^#\/setup\/([^/?#]+)/

// The token of a one-time link. It is taken out of the address at once, so that it stays neither in
// the history nor in a screenshot.
function takeSetupToken(): string | null {
  const token = setupPattern.exec(window.location.hash)?.[1]
  if (!token) return null
  window.history.replaceState(null, '', '/')
  return decodeURIComponent(token)
}

const firstToken = takeSetupToken()

// Another language draws everything anew: texts are read while rendering.
export function App() {
  const language = useSyncExternalStore(onLanguageChange, currentLanguage)
  return (
    <Suspense>
      <Gate key={language} />
    </Suspense>
  )
}

function Gate() {
  const client = useQueryClient()
  const [token, setToken] = useState(firstToken)
  const session = useQuery({ ...sessionQuery, enabled: token === null })
  const locale = session.data?.locale
  useEffect(() => {
    if (locale) void adoptLanguage(locale)
  }, [locale])

  useEffect(() => {
    const onHash = () => {
      const next = takeSetupToken()
      if (next) setToken(next)
    }
    window.addEventListener('hashchange', onHash)
    return () => window.removeEventListener('hashchange', onHash)
  }, [])

  const onSession = (fresh: Session) => {
    if (window.location.pathname === '/sign-in') void router.navigate('/', { replace: true })
    client.setQueryData(sessionQuery.queryKey, fresh)
    setToken(null)
  }
  if (token !== null)
    return <LinkPage token={token} onDone={onSession} onGiveUp={() => setToken(null)} />
  if (session.error instanceof ApiError && session.error.status === 401)
    return <SignInPage onDone={onSession} />
  if (session.data) return <RouterProvider router={router} />
  if (session.error) {
    return (
      <ErrorState
        title={t('states.noAnswer')}
        error={session.error}
        onRetry={() => void session.refetch()}
      />
    )
  }
  return null
}
