// SPDX-License-Identifier: Apache-2.0
//
// Evidence: files by drag and drop, kept under the hash of their content.
import '@mantine/dropzone/styles.css'
import { ActionIcon, Progress } from '@mantine/core'
import { Dropzone, type FileRejection } from '@mantine/dropzone'
import { File as FileIcon, FileImage, FileText, FileVideo, Upload, X } from 'lucide-react'
import { useState } from 'react'
import { attachmentPath, useUpload } from '../../api/cases'
import type { Case } from '../../api/client'
import { useCan } from '../../app/session'
import { Panel } from '../../components/Panel'
import { usePersonName } from '../../components/Person'
import { asSentence, formatBytes, formatCount, formatMoment } from '../../lib/format'
import { t } from '../../lib/i18n'
import { newId } from '../../lib/id'
import styles from './Case.module.css'
import type { PanelProps } from './useFile'

const bytesMax = 10 * 1024 * 1024

interface Sending {
  key: string
  name: string
  share: number
  error: string | null
}

function useSendings(caseId: string) {
  const upload = useUpload()
  const [sendings, setSendings] = useState<Sending[]>([])
  const patch = (key: string, change: Partial<Sending>) =>
    setSendings((all) => all.map((one) => (one.key === key ? { ...one, ...change } : one)))
  const drop = (key: string) => setSendings((all) => all.filter((one) => one.key !== key))
  // One after the other: each changes the case.
  const send = async (files: File[]) => {
    const queued = files.map((file) => ({ file, key: newId() }))
    setSendings((all) => [
      ...all,
      ...queued.map(({ file, key }) => ({ key, name: file.name, share: 0, error: null })),
    ])
    for (const { file, key } of queued) {
      try {
        await upload.mutateAsync({ caseId, file, onProgress: (share) => patch(key, { share }) })
        drop(key)
      } catch (error) {
        patch(key, { error: error instanceof Error ? error.message : '' })
      }
    }
  }
  const reject = (files: FileRejection[]) =>
    setSendings((all) => [
      ...all,
      ...files.map(({ file }) => ({
        key: newId(),
        name: file.name,
        share: 0,
        error: t('cases:evidence.tooBig'),
      })),
    ])
  return { sendings, send, reject, drop }
}

export function EvidencePanel({ file, work }: PanelProps) {
  const { sendings, send, reject, drop } = useSendings(file.case_id)
  return (
    <Panel
      title={t('cases:evidence.title')}
      aside={<span className="num">{formatCount(file.attachment_n)}</span>}
    >
      {work.canEdit && (
        <Dropzone
          className={styles.drop}
          maxSize={bytesMax}
          onDrop={(files) => void send(files)}
          onReject={reject}
          inputProps={{ 'aria-label': t('cases:evidence.drop') }}
        >
          <Upload size={18} aria-hidden="true" />
          <span>
            {t('cases:evidence.drop')}
            <small>{t('cases:evidence.limits')}</small>
          </span>
        </Dropzone>
      )}
      {sendings.map((one) => (
        <SendingRow key={one.key} sending={one} onDrop={() => drop(one.key)} />
      ))}
      {file.attachments.length === 0 && !work.canEdit && (
        <p className={styles.quiet}>{t('cases:evidence.none')}</p>
      )}
      <ul className={styles.files}>
        {file.attachments.map((attachment) => (
          <Attachment key={attachment.sha256} file={file} attachment={attachment} />
        ))}
      </ul>
    </Panel>
  )
}

function SendingRow({ sending, onDrop }: { sending: Sending; onDrop: () => void }) {
  if (sending.error !== null) {
    return (
      <div className={styles.failed} role="alert">
        {t('cases:evidence.failed', { name: sending.name, why: asSentence(sending.error) })}
        <ActionIcon size="sm" aria-label={t('cases:evidence.dismiss')} onClick={onDrop}>
          <X size={13} />
        </ActionIcon>
      </div>
    )
  }
  const label = t('cases:evidence.uploading', { name: sending.name })
  return (
    <div className={styles.sending}>
      <span>{label}</span>
      <Progress value={sending.share * 100} size="sm" aria-label={label} />
    </div>
  )
}

function iconOf(mediaType: string) {
  if (mediaType.startsWith('image/')) return FileImage
  if (mediaType.startsWith('video/')) return FileVideo
  return /pdf|text|word|rfc822/.test(mediaType) ? FileText : FileIcon
}

interface AttachmentProps {
  file: Case
  attachment: Case['attachments'][number]
}

function Attachment({ file, attachment }: AttachmentProps) {
  const { sha256, name, media_type, bytes, added_by, added_at, note } = attachment
  const nameOf = usePersonName()
  const can = useCan()
  const Icon = iconOf(media_type)
  return (
    <li>
      <Icon size={16} aria-hidden="true" />
      <span className={styles.fileText}>
        {can('work') && can('names') ? (
          <a
            href={attachmentPath(file.case_id, sha256)}
            download={name}
            aria-label={t('cases:evidence.download', { name })}
          >
            {name}
          </a>
        ) : (
          <b>{name}</b>
        )}
        {note && <span>{note}</span>}
        <small>
          {formatBytes(bytes)}, {nameOf(added_by)}, {formatMoment(added_at)}
        </small>
        <small className={styles.hash} title={sha256}>
          {t('cases:evidence.hash', { hash: `${sha256.slice(0, 16)}…` })}
        </small>
      </span>
    </li>
  )
}
