// SPDX-License-Identifier: Apache-2.0
//
// Puts alerts, receipts or subjects into a case: a new one, whose title is filled in so that one more
// click opens it, or one of those in progress.
import { Button, Divider, TextInput, Textarea } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { casesQuery, useCaseAction, useOpenCase } from '../../api/cases'
import type { CaseRequest } from '../../api/client'
import { shownError } from '../../lib/conflict'
import { asSentence } from '../../lib/format'
import { t } from '../../lib/i18n'
import { CaseStateTag } from './CaseStateTag'
import styles from './Work.module.css'

export interface CaseContents extends Pick<CaseRequest, 'alerts' | 'transactions' | 'subjects'> {
  // What a new case would be called.
  title: string
}

interface Props {
  contents: CaseContents
  // isNew: it was opened just now.
  onDone: (caseId: string, isNew: boolean) => void
}

export function CaseForm({ contents, onDone }: Props) {
  const [title, setTitle] = useState(contents.title)
  const [note, setNote] = useState('')
  const open = useOpenCase()
  const add = useCaseAction()
  const isBusy = open.isPending || add.isPending
  const error = shownError(open.error ?? add.error)
  const { alerts, transactions, subjects } = contents
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    open.mutate(
      { title: title.trim(), alerts, transactions, subjects, note: note.trim() || undefined },
      { onSuccess: (file) => onDone(file.case_id, true) },
    )
  }
  const addTo = (caseId: string) =>
    add.mutate(
      { caseId, body: { action: 'add', alerts, transactions, subjects } },
      { onSuccess: () => onDone(caseId, false) },
    )
  return (
    <div className={styles.caseForm}>
      <form className={styles.form} onSubmit={onSubmit}>
        <TextInput
          label={t('work:caseTitle')}
          required
          withAsterisk={false}
          maxLength={200}
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        <Textarea
          label={t('work:caseNote')}
          autosize
          minRows={1}
          maxRows={4}
          maxLength={2000}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        <Button
          type="submit"
          loading={open.isPending}
          disabled={!title.trim() || isBusy}
          data-autofocus
        >
          {t('work:openCase')}
        </Button>
      </form>
      {error && (
        <p role="alert" className={styles.error}>
          {asSentence(error)}
        </p>
      )}
      <Divider />
      <CaseChoices isBusy={isBusy} onPick={addTo} />
    </div>
  )
}

function CaseChoices({ isBusy, onPick }: { isBusy: boolean; onPick: (caseId: string) => void }) {
  const { data } = useInfiniteQuery(casesQuery({ state: 'OPEN,INVESTIGATING' }, 6))
  const cases = data?.pages[0]?.items ?? []
  return (
    <>
      <p className={styles.head}>{t('work:recentCases')}</p>
      <div className={styles.options}>
        {cases.map((file) => (
          <button
            key={file.case_id}
            type="button"
            className={styles.option}
            disabled={isBusy}
            onClick={() => onPick(file.case_id)}
          >
            <span className={styles.caseTitle}>
              {file.case_id} {file.title}
            </span>
            <CaseStateTag state={file.state} />
          </button>
        ))}
        {data && cases.length === 0 && <p className={styles.quiet}>{t('work:noCases')}</p>}
      </div>
    </>
  )
}
