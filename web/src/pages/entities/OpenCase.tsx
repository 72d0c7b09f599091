// SPDX-License-Identifier: Apache-2.0
//
// A case from what is on the screen: a new one, or one that is open already.
import { Button, Group, Modal, SegmentedControl, Select, TextInput, Textarea } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { FolderPlus } from 'lucide-react'
import { type FormEvent, useEffect, useState } from 'react'
import { useNavigate } from 'react-router-dom'
import { type Subject, api, unwrap } from '../../api/client'
import { activeCasesQuery } from '../../api/insight'
import { sentOnce } from '../../api/work'
import { useCan } from '../../app/session'
import { caseAddress } from '../../lib/address'
import { asSentence } from '../../lib/format'
import { t } from '../../lib/i18n'
import styles from './Entities.module.css'

export interface CaseContent {
  title?: string
  subjects?: Subject[]
  transactions?: string[]
  alerts?: string[]
}

interface Props extends CaseContent {
  isOpen: boolean
  onClose: () => void
}

export function OpenCaseDialog({ isOpen, onClose, ...content }: Props) {
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t('entities:case.title')}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      {isOpen && <Form content={content} onClose={onClose} />}
    </Modal>
  )
}

type Mode = 'new' | 'old'

function Form({ content, onClose }: { content: CaseContent; onClose: () => void }) {
  const [mode, setMode] = useState<Mode>('new')
  const [title, setTitle] = useState(content.title ?? '')
  const [note, setNote] = useState('')
  const [caseId, setCaseId] = useState<string | null>(null)
  const { mutate, error, isPending } = useSend(content)
  const isReady = mode === 'new' ? title.trim() !== '' : caseId !== null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isReady) mutate(mode === 'new' ? { title: title.trim(), note: note.trim() } : { caseId })
  }
  return (
    <form className={styles.form} onSubmit={submit}>
      <SegmentedControl
        size="xs"
        fullWidth
        aria-label={t('entities:case.title')}
        value={mode}
        onChange={(value) => setMode(value as Mode)}
        data={[
          { value: 'new', label: t('entities:case.new') },
          { value: 'old', label: t('entities:case.old') },
        ]}
      />
      {mode === 'new' ? (
        <>
          <TextInput
            label={t('entities:case.name')}
            data-autofocus
            maxLength={200}
            value={title}
            onChange={(event) => setTitle(event.currentTarget.value)}
          />
          <Textarea
            label={t('entities:case.note')}
            autosize
            minRows={2}
            maxLength={2000}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
        </>
      ) : (
        <OldCases value={caseId} onChange={setCaseId} />
      )}
      {error && (
        <p className={styles.problem} role="alert">
          {asSentence(error.message)}
        </p>
      )}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          {t('actions.cancel')}
        </Button>
        <Button type="submit" disabled={!isReady} loading={isPending}>
          {t(mode === 'new' ? 'entities:case.open' : 'entities:case.add')}
        </Button>
      </Group>
    </form>
  )
}

type Wanted = { title: string; note: string } | { caseId: string | null }

function useSend({ subjects, transactions, alerts }: CaseContent) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const things = { subjects, transactions, alerts }
  return useMutation({
    mutationFn: async (wanted: Wanted): Promise<string> => {
      if ('title' in wanted) {
        const body = { title: wanted.title, ...things, ...(wanted.note && { note: wanted.note }) }
        const made = await sentOnce((header) =>
          unwrap(api.POST('/v1/cases', { params: { header }, body })),
        )
        return made.case_id
      }
      const path = { case_id: wanted.caseId ?? '' }
      await sentOnce((header) =>
        unwrap(
          api.POST('/v1/cases/{case_id}/actions', {
            params: { path, header },
            body: { action: 'add', ...things },
          }),
        ),
      )
      return path.case_id
    },
    onSuccess: (id) => {
      for (const key of ['cases', 'case', 'alerts', 'alert'])
        void client.invalidateQueries({ queryKey: [key] })
      navigate(caseAddress(id))
    },
  })
}

function OldCases({
  value,
  onChange,
}: {
  value: string | null
  onChange: (id: string | null) => void
}) {
  const { data } = useQuery(activeCasesQuery)
  useEffect(() => {
    if (value === null && data?.items.length === 1) onChange(data.items[0]?.case_id ?? null)
  }, [data, value, onChange])
  return (
    <Select
      label={t('entities:case.which')}
      placeholder={data?.items.length === 0 ? t('entities:case.noOld') : undefined}
      searchable
      value={value}
      onChange={onChange}
      data={(data?.items ?? []).map((item) => ({
        value: item.case_id,
        label: `${item.case_id} · ${item.title}`,
      }))}
    />
  )
}

// The button of a page's head, with its dialog.
export function OpenCaseButton(content: CaseContent) {
  const can = useCan()
  const [isOpen, setOpen] = useState(false)
  if (!can('work')) return null
  return (
    <>
      <Button leftSection={<FolderPlus size={14} />} onClick={() => setOpen(true)}>
        {t('entities:case.title')}
      </Button>
      <OpenCaseDialog isOpen={isOpen} onClose={() => setOpen(false)} {...content} />
    </>
  )
}
