// SPDX-License-Identifier: Apache-2.0
//
// How a case ends: submitted with a verdict, approved or rejected by a second person where its
// exposure asks for one, and opened again if need be.
import { Alert, Button, SegmentedControl, Textarea } from '@mantine/core'
import { CheckCheck, RotateCcw } from 'lucide-react'
import { useState } from 'react'
import type { VerdictKind } from '../../api/client'
import { useMe } from '../../app/session'
import { usePersonName } from '../../components/Person'
import { ReasonForm } from '../../components/VerdictForm'
import { WorkPopover } from '../../components/work/WorkPopover'
import { formatMoment, formatMoney } from '../../lib/format'
import { t } from '../../lib/i18n'
import { label, verdictLabel, verdictOrder } from '../../lib/vocabulary'
import styles from './Case.module.css'
import type { PanelProps } from './useFile'

export function CloseButton({ file, work }: PanelProps) {
  const [isOpen, setOpen] = useState(false)
  const [kind, setKind] = useState<VerdictKind>('CONFIRMED')
  return (
    <WorkPopover
      label={t('cases:close')}
      icon={CheckCheck}
      variant="filled"
      isOpen={isOpen}
      onToggle={setOpen}
    >
      <div className={styles.closing}>
        <SegmentedControl
          size="xs"
          data={verdictOrder.map((value) => ({ value, label: verdictLabel(value) }))}
          value={kind}
          onChange={(value) => setKind(value as VerdictKind)}
          aria-label={t('cases:closeVerdict')}
        />
        {file.needs_approval && (
          <p className={styles.quiet}>
            {t('cases:closeApproval', { limit: formatMoney(file.approval_limit) })}
          </p>
        )}
        <ReasonForm
          key={kind}
          kind={kind}
          currency={null}
          isPending={work.isPending}
          error={null}
          onPick={({ reason, note }) =>
            void work
              .run({ action: 'submit', verdict: kind, reason, note: note.trim() || undefined })
              .then((isDone) => isDone && setOpen(false))
          }
        />
      </div>
    </WorkPopover>
  )
}

export function ReopenButton({ work }: PanelProps) {
  const [isOpen, setOpen] = useState(false)
  return (
    <WorkPopover label={t('cases:reopen')} icon={RotateCcw} isOpen={isOpen} onToggle={setOpen}>
      <NoteForm
        text={t('cases:reopenNote')}
        button={t('cases:reopen')}
        isRequired
        isBusy={work.isPending}
        onSend={(note) =>
          void work.run({ action: 'reopen', note }).then((isDone) => isDone && setOpen(false))
        }
      />
    </WorkPopover>
  )
}

interface NoteProps {
  text: string
  button: string
  isRequired: boolean
  isBusy: boolean
  onSend: (note: string) => void
}

function NoteForm({ text, button, isRequired, isBusy, onSend }: NoteProps) {
  const [note, setNote] = useState('')
  return (
    <div className={styles.noteForm}>
      <Textarea
        data-autofocus
        label={text}
        autosize
        minRows={2}
        maxRows={6}
        maxLength={2000}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <Button
        loading={isBusy}
        disabled={isRequired && !note.trim()}
        onClick={() => onSend(note.trim())}
      >
        {button}
      </Button>
    </div>
  )
}

export function ClosingBanner({ file, work }: PanelProps) {
  const nameOf = usePersonName()
  const { closing } = file
  if (!closing) return null
  const verdict = verdictLabel(closing.verdict)
  const reason = label(closing.reason)
  const name = nameOf(closing.submitted_by)
  if (file.state === 'PENDING_APPROVAL') {
    return (
      <Alert color="yellow" className={styles.banner} title={t('caseState.PENDING_APPROVAL')}>
        <p>{t('cases:approveText', { name, verdict, reason })}</p>
        {closing.note && <p className={styles.quote}>{closing.note}</p>}
        <Approval file={file} work={work} submittedBy={closing.submitted_by} />
      </Alert>
    )
  }
  if (file.state !== 'CLOSED') return null
  return (
    <div className={styles.closed} data-testid="closing">
      <b>{t('cases:closed', { verdict, reason })}</b>
      <span>{t('cases:closedBy', { name, time: formatMoment(closing.submitted_at) })}</span>
      {closing.approved_by && closing.approved_at && (
        <span>
          {t('cases:approvedBy', {
            name: nameOf(closing.approved_by),
            time: formatMoment(closing.approved_at),
          })}
        </span>
      )}
      {closing.note && <span>“{closing.note}”</span>}
    </div>
  )
}

// Whoever submitted it waits for somebody else; the server refuses it, too.
function Approval({ work, submittedBy }: PanelProps & { submittedBy: string }) {
  const me = useMe()
  const nameOf = usePersonName()
  const [open, setOpen] = useState<'approve' | 'reject' | null>(null)
  if (submittedBy === me) return <p>{t('cases:ownSubmission')}</p>
  if (!work.canManage) return <p>{t('cases:waits', { name: nameOf(submittedBy) })}</p>
  return (
    <div className={styles.actions}>
      <WorkPopover
        label={t('cases:approve')}
        icon={CheckCheck}
        variant="filled"
        isOpen={open === 'approve'}
        onToggle={(isOpen) => setOpen(isOpen ? 'approve' : null)}
      >
        <NoteForm
          text={t('cases:approveNote')}
          button={t('cases:approve')}
          isRequired={false}
          isBusy={work.isPending}
          onSend={(note) => void work.run({ action: 'approve', note: note || undefined })}
        />
      </WorkPopover>
      <WorkPopover
        label={t('cases:reject')}
        icon={RotateCcw}
        isOpen={open === 'reject'}
        onToggle={(isOpen) => setOpen(isOpen ? 'reject' : null)}
      >
        <NoteForm
          text={t('cases:rejectNote')}
          button={t('cases:reject')}
          isRequired
          isBusy={work.isPending}
          onSend={(note) => void work.run({ action: 'reject', note })}
        />
      </WorkPopover>
    </div>
  )
}
