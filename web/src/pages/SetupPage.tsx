// SPDX-License-Identifier: Apache-2.0
//
// Exchanges a one-time link for a session.
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { ApiError, type Session, api, unwrap } from '../api/client'
import { Logo } from '../components/Logo'
import { t } from '../lib/i18n'
import { useTitle } from '../lib/useTitle'
import styles from './Sign.module.css'

interface Props {
  token: string
  onDone: (session: Session) => void
  onGiveUp: () => void
}

// A query, not a mutation: it is sent once for each token however often React mounts the page.
function useExchange(token: string) {
  return useQuery({
    queryKey: ['setup', token],
    queryFn: () => unwrap(api.POST('/v1/session', { body: { link_token: token } })),
    retry: false,
    staleTime: Infinity,
  })
}

export function SetupPage({ token, onDone, onGiveUp }: Props) {
  useTitle(t('sign.title'))
  const { data, error, refetch } = useExchange(token)
  useEffect(() => {
    if (data) onDone(data)
  }, [data, onDone])
  const isUsed = error instanceof ApiError && [401, 404, 422].includes(error.status)
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <div className={styles.brand}>
          <Logo size={28} />
          Tillwatch
        </div>
        {error ? (
          <>
            <h1>{isUsed ? t('sign.linkUsed') : t('sign.failed')}</h1>
            <p role="alert">{isUsed ? t('sign.linkUsedHelp') : `${error.message}.`}</p>
            <div>
              <Button
                size="sm"
                variant="default"
                onClick={isUsed ? onGiveUp : () => void refetch()}
              >
                {isUsed ? t('sign.whatNow') : t('actions.tryAgain')}
              </Button>
            </div>
          </>
        ) : (
          <h1>{t('sign.busy')}</h1>
        )}
      </div>
    </main>
  )
}
