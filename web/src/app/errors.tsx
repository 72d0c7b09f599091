// SPDX-License-Identifier: Apache-2.0
//
// What the router shows for a page that failed. The files of a page are fetched when it is opened:
// with the server away they are missing, and a new version of it has other file names. Both are
// mended by a reload.
import { useEffect, useRef } from 'react'
import { useRouteError } from 'react-router-dom'
import { ErrorState } from '../components/States'
import { t } from '../lib/i18n'
import { useLiveStream } from './live'

const reload = () => window.location.reload()

export function AppError() {
  return <ErrorState title={t('states.pageFailed')} error={useRouteError()} onRetry={reload} />
}

// Loads anew by itself when the server is back.
export function PageError() {
  const { connection } = useLiveStream()
  const wasAway = useRef(false)
  useEffect(() => {
    if (connection === 'offline') wasAway.current = true
    else if (connection === 'live' && wasAway.current) reload()
  }, [connection])
  return <AppError />
}
