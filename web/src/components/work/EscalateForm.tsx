// SPDX-License-Identifier: Apache-2.0
import { Button, Select, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { peopleQuery } from '../../api/work'
import { useCan, useMe } from '../../app/session'
import { t } from '../../lib/i18n'
import styles from './Work.module.css'

interface Props {
  isBusy: boolean
  onEscalate: (note: string, assignee: string | null) => void
}

export function EscalateForm({ isBusy, onEscalate }: Props) {
  const { data } = useQuery(peopleQuery)
  const me = useMe()
  const can = useCan()
  const [note, setNote] = useState('')
  const [assignee, setAssignee] = useState<string | null>(null)
  const people = (data?.items ?? [])
    .filter((person) => person.can_work && person.user_id !== me)
    .map((person) => ({ value: person.user_id, label: person.name }))
  return (
    <div className={styles.people}>
      <Textarea
        data-autofocus
        label={t('work:why')}
        autosize
        minRows={2}
        maxRows={5}
        maxLength={2000}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      {can('manage') && (
        <Select
          label={t('work:escalateTo')}
          data={people}
          searchable
          clearable
          value={assignee}
          comboboxProps={{ withinPortal: false }}
          onChange={setAssignee}
        />
      )}
      <Button
        loading={isBusy}
        disabled={!note.trim()}
        onClick={() => onEscalate(note.trim(), assignee)}
      >
        {t('work:escalate')}
      </Button>
    </div>
  )
}
