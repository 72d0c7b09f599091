// SPDX-License-Identifier: Apache-2.0
import { Button, TextInput, Textarea } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useOpenCase } from '../../api/cases'
import { asSentence } from '../../lib/format'
import { t } from '../../lib/i18n'
import work from '../../components/work/Work.module.css'

// A case that begins empty.
export function NewCaseForm({ onDone }: { onDone: (caseId: string) => void }) {
  const open = useOpenCase()
  const [title, setTitle] = useState('')
  const [note, setNote] = useState('')
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    open.mutate(
      { title: title.trim(), note: note.trim() || undefined },
      { onSuccess: (file) => onDone(file.case_id) },
    )
  }
  return (
    <form className={work.form} onSubmit={onSubmit}>
      <TextInput
        label={t('work:caseTitle')}
        data-autofocus
        required
        withAsterisk={false}
        maxLength={200}
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
      />
      <Textarea
        label={t('work:caseNote')}
        autosize
        minRows={2}
        maxRows={6}
        maxLength={2000}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      {open.error && (
        <p role="alert" className={work.error}>
          {asSentence(open.error.message)}
        </p>
      )}
      <Button type="submit" loading={open.isPending} disabled={!title.trim()}>
        {t('work:openCase')}
      </Button>
    </form>
  )
}
