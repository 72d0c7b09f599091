// SPDX-License-Identifier: Apache-2.0
//
// What a page shows instead of its content: a fault, or nothing to show.
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link, useRouteError } from 'react-router-dom'
import { ApiError } from '../api/client'
import { asSentence } from '../lib/format'
import styles from './States.module.css'

interface StateProps {
  title: string
  children?: ReactNode
  actions?: ReactNode
}

export function State({ title, children, actions }: StateProps) {
  return (
    <div className={styles.state} role="status">
      <h1>{title}</h1>
      {children}
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  )
}

interface ErrorProps {
  title: string
  error: unknown
  onRetry?: () => void
}

export function ErrorState({ title, error, onRetry }: ErrorProps) {
  const text = error instanceof Error ? error.message : 'Something failed.'
  const isOffline = error instanceof ApiError && error.status === 0
  return (
    <State title={title} actions={onRetry && <Button onClick={onRetry}>Try again</Button>}>
      <p>{asSentence(text)}</p>
      {isOffline && (
        <p>Check that “tillwatch serve” is running and that this machine reaches it.</p>
      )}
    </State>
  )
}

export function NotFound({ what, id }: { what: string; id?: string }) {
  return (
    <State
      title={`There is no such ${what}`}
      actions={
        <Button component={Link} to="/" variant="default">
          Back to the queue
        </Button>
      }
    >
      <p>
        {id ? <>Nothing is known under “{id}”. </> : null}It may be misspelt, or belong to another
        installation.
      </p>
    </State>
  )
}

// The page of a query that failed: "not found" is an answer, everything else a fault.
export function QueryError({
  what,
  id,
  error,
  onRetry,
}: {
  what: string
  id: string
  error: unknown
  onRetry: () => void
}) {
  if (error instanceof ApiError && error.status === 404) return <NotFound what={what} id={id} />
  return <ErrorState title={`This ${what} could not be read`} error={error} onRetry={onRetry} />
}

// A new version of the server has other file names; the page asks for a reload then.
export function RouteError() {
  const error = useRouteError()
  return (
    <ErrorState
      title="This page could not be shown"
      error={error}
      onRetry={() => window.location.reload()}
    />
  )
}
