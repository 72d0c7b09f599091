// SPDX-License-Identifier: Apache-2.0
//
// Who may see what: a one-time link is exchanged first, then the session decides between the sign-in
// page and the portal.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { RouterProvider } from 'react-router-dom'
import { ApiError } from '../api/client'
import { sessionQuery } from '../api/queries'
import { ErrorState } from '../components/States'
import { currentLanguage, onLanguageChange, t } from '../lib/i18n'
import { SetupPage } from '../pages/SetupPage'
import { SignedOutPage } from '../pages/SignedOutPage'
import { router } from './router'

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
  return <Gate key={language} />
}

function Gate() {
  const client = useQueryClient()
  const [token, setToken] = useState(firstToken)
  const session = useQuery({ ...sessionQuery, enabled: token === null })

  useEffect(() => {
    const onHash = () => {
      const next = takeSetupToken()
      if (next) setToken(next)
    }
    window.addEventListener('hashchange', onHash)
    return () => window.removeEventListener('hashchange', onHash)
  }, [])

  if (token !== null) {
    return (
      <SetupPage
        token={token}
        onDone={(fresh) => {
          client.setQueryData(sessionQuery.queryKey, fresh)
          setToken(null)
        }}
        onGiveUp={() => setToken(null)}
      />
    )
  }
  if (session.error instanceof ApiError && session.error.status === 401) return <SignedOutPage />
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
