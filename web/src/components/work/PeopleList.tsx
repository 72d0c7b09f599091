// SPDX-License-Identifier: Apache-2.0
//
// Choosing a colleague: those who may be given work, found by a few letters.
import { TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Search } from 'lucide-react'
import { type KeyboardEvent, useState } from 'react'
import { peopleQuery } from '../../api/work'
import { useMe } from '../../app/session'
import { t } from '../../lib/i18n'
import { Avatar } from '../Person'
import styles from './Work.module.css'

interface Props {
  // Who has it now is not offered again; null when that is nobody.
  current: string | null
  isBusy: boolean
  canFree: boolean
  onPick: (user: string) => void
}

export function PeopleList({ current, isBusy, canFree, onPick }: Props) {
  const { data } = useQuery(peopleQuery)
  const me = useMe()
  const [text, setText] = useState('')
  const wanted = text.trim().toLowerCase()
  const people = (data?.items ?? [])
    .filter((person) => person.can_work && person.user_id !== current)
    .filter((person) => `${person.name} ${person.user_id}`.toLowerCase().includes(wanted))
    .sort((a, b) => Number(b.user_id === me) - Number(a.user_id === me))
  const onKeyDown = (event: KeyboardEvent) => {
    const first = people[0]
    if (event.key === 'Enter' && first && !isBusy) {
      event.preventDefault()
      onPick(first.user_id)
    }
  }
  return (
    <div className={styles.people}>
      <TextInput
        data-autofocus
        aria-label={t('work:find')}
        placeholder={t('work:find')}
        leftSection={<Search size={14} />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <div className={styles.options}>
        {people.map((person) => (
          <button
            key={person.user_id}
            type="button"
            className={styles.option}
            disabled={isBusy}
            data-user={person.user_id}
            onClick={() => onPick(person.user_id)}
          >
            <Avatar user={person.user_id} />
            <span>{person.name}</span>
            <small>{person.user_id === me ? t('people.me') : person.team}</small>
          </button>
        ))}
        {people.length === 0 && data && <p className={styles.quiet}>{t('work:noPeople')}</p>}
        {canFree && current !== null && !wanted && (
          <button
            type="button"
            className={styles.option}
            disabled={isBusy}
            onClick={() => onPick('')}
          >
            <Avatar user={null} />
            {t('work:nobody')}
          </button>
        )}
      </div>
    </div>
  )
}
