// SPDX-License-Identifier: Apache-2.0
//
// Somebody who works here: initials, and the name where there is room for it.
import { useQuery } from '@tanstack/react-query'
import { useCallback } from 'react'
import { peopleQuery } from '../api/work'
import { useMe } from '../app/session'
import { t } from '../lib/i18n'
import { initials } from '../lib/people'
import styles from './Person.module.css'

// The name of a user; a token, a rule or somebody who is gone keeps the id.
export function usePersonName(): (user: string) => string {
  const { data } = useQuery(peopleQuery)
  return useCallback(
    (user: string) => data?.items.find((person) => person.user_id === user)?.name || user,
    [data],
  )
}

// With `user` null: nobody.
export function Avatar({ user }: { user: string | null }) {
  const me = useMe()
  const nameOf = usePersonName()
  if (!user) {
    return (
      <span className={styles.avatar} data-nobody title={t('people.nobody')}>
        <span className="sr">{t('people.nobody')}</span>
      </span>
    )
  }
  const name = nameOf(user)
  return (
    <span className={styles.avatar} data-me={user === me || undefined} title={name}>
      <span aria-hidden="true">{initials(name)}</span>
      <span className="sr">{name}</span>
    </span>
  )
}

export function Person({ user }: { user: string | null }) {
  const nameOf = usePersonName()
  return (
    <span className={styles.person}>
      <Avatar user={user} />
      <span aria-hidden="true">{user ? nameOf(user) : t('people.nobody')}</span>
    </span>
  )
}
