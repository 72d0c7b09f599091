// SPDX-License-Identifier: Apache-2.0
//
// What a page shows instead of its content: a fault, or nothing to show.
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'react-router-dom'
import { ApiError } from '../api/client'
import { asSentence } from '../lib/format'
import { t } from '../lib/i18n'
import type common from '../locales/en/common.json'
import styles from './States.module.css'

interface StateProps {
  title: string
  children?: ReactNode
  actions?: ReactNode
  // Within a page that has its own heading.
  isPart?: boolean
}

export function State({ title, children, actions, isPart }: StateProps) {
  const Heading = isPart ? 'h2' : 'h1'
  return (
    <div className={styles.state} role="status">
      <Heading>{title}</Heading>
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
  const text = error instanceof Error ? error.message : t('states.failed')
  const isOffline = error instanceof ApiError && error.status === 0
  return (
    <State
      title={title}
      actions={onRetry && <Button onClick={onRetry}>{t('actions.tryAgain')}</Button>}
    >
      <p>{asSentence(text)}</p>
      {isOffline && <p>{t('states.unreachableHelp')}</p>}
    </State>
  )
}

// What a page may be about.
export type Thing = keyof (typeof common)['missing']

export function NotFound({ what, id }: { what: Thing; id?: string }) {
  return (
    <State
      title={t(`missing.${what}`)}
      actions={
        <Button component={Link} to="/" variant="default">
          {t('actions.backToQueue')}
        </Button>
      }
    >
      <p>
        {id ? t('states.notKnown', { id }) : null} {t('states.misspelt')}
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
  what: Thing
  id: string
  error: unknown
  onRetry: () => void
}) {
  if (error instanceof ApiError && error.status === 404) return <NotFound what={what} id={id} />
  if (error instanceof ApiError && error.status === 403) return <NoRight />
  return <ErrorState title={t(`unreadable.${what}`)} error={error} onRetry={onRetry} />
}

export function NoRight() {
  return (
    <State
      title={t('states.noRight')}
      actions={
        <Button component={Link} to="/" variant="default">
          {t('actions.backToQueue')}
        </Button>
      }
    >
      <p>{t('states.noRightHelp')}</p>
    </State>
  )
}
