// SPDX-License-Identifier: Apache-2.0
//
// Every version of signals and policy: who changed what, when and why, and the way back.
import { Button, Group, Modal, SegmentedControl, Textarea } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { FileText, Undo2 } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { api, unwrap } from '../../api/client'
import {
  type ConfigVersion,
  ifMatch,
  policyVersionsQuery,
  signalVersionQuery,
  signalVersionsQuery,
} from '../../api/insight'
import { Panel } from '../../components/Panel'
import { ErrorState } from '../../components/States'
import { asSentence, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { PageSkeleton } from '../PageSkeleton'
import { Changes } from './Changes'
import { reasonMax } from './SaveDialog'
import styles from './Signals.module.css'

type Of = 'signals' | 'policy'

export function VersionsView({ mayChange }: { mayChange: boolean }) {
  const [of, setOf] = useState<Of>('signals')
  const [back, setBack] = useState<ConfigVersion | null>(null)
  const [text, setText] = useState<string | null>(null)
  const signals = useQuery(signalVersionsQuery)
  const policy = useQuery(policyVersionsQuery)
  const { data, error, refetch } = of === 'signals' ? signals : policy
  if (error && !data)
    return (
      <ErrorState
        title={t('signals:versions.failed')}
        error={error}
        onRetry={() => void refetch()}
      />
    )
  if (!data) return <PageSkeleton />
  const current = data.items.find((item) => item.is_current)
  return (
    <Panel
      title={t('signals:versions.title')}
      aside={
        <SegmentedControl
          size="xs"
          aria-label={t('signals:versions.of')}
          value={of}
          onChange={(value) => setOf(value as Of)}
          data={[
            { value: 'signals', label: t('signals:view.signals') },
            { value: 'policy', label: t('signals:view.policy') },
          ]}
        />
      }
      isFlush
    >
      {data.items.length === 0 && <p className={styles.quiet}>{t('signals:versions.none')}</p>}
      <ol className={styles.versions}>
        {data.items.map((version) => (
          <Version
            key={version.seq}
            version={version}
            onText={of === 'signals' ? () => setText(version.version) : undefined}
            onBack={mayChange && !version.is_current ? () => setBack(version) : undefined}
          />
        ))}
      </ol>
      <BackDialog
        of={of}
        version={back}
        current={current?.version ?? ''}
        onClose={() => setBack(null)}
      />
      <Modal
        opened={text !== null}
        onClose={() => setText(null)}
        title={text}
        size="xl"
        closeButtonProps={{ 'aria-label': t('actions.close') }}
      >
        {text !== null && <Text version={text} />}
      </Modal>
    </Panel>
  )
}

interface VersionProps {
  version: ConfigVersion
  onText: (() => void) | undefined
  onBack: (() => void) | undefined
}

function Version({ version, onText, onBack }: VersionProps) {
  return (
    <li data-version={version.version}>
      <div className={styles.versionHead}>
        <b>{version.version}</b>
        {version.is_current && (
          <span className={styles.mark} data-tone="current">
            {t('signals:versions.current')}
          </span>
        )}
        <span className="muted num">
          {formatTime(version.changed_at, 'dateTime')} · {version.changed_by}
        </span>
        <span className={styles.versionTools}>
          {onText && (
            <Button
              variant="subtle"
              size="compact-sm"
              fz="xs"
              leftSection={<FileText size={13} />}
              onClick={onText}
              aria-label={t('signals:versions.textOf', { version: version.version })}
            >
              {t('signals:versions.text')}
            </Button>
          )}
          {onBack && (
            <Button
              variant="subtle"
              size="compact-sm"
              fz="xs"
              leftSection={<Undo2 size={13} />}
              onClick={onBack}
              aria-label={t('signals:versions.backTo', { version: version.version })}
            >
              {t('signals:versions.back')}
            </Button>
          )}
        </span>
      </div>
      <p>{version.reason}</p>
      {version.changes.length > 0 && <Changes changes={version.changes} />}
    </li>
  )
}

function Text({ version }: { version: string }) {
  const { data, error } = useQuery(signalVersionQuery(version))
  if (error) return <p role="alert">{asSentence(error.message)}</p>
  if (!data) return <p aria-busy="true">…</p>
  return (
    <pre className={styles.yaml} tabIndex={0}>
      {data.yaml}
    </pre>
  )
}

interface BackProps {
  of: Of
  version: ConfigVersion | null
  current: string
  onClose: () => void
}

function BackDialog({ of, version, current, onClose }: BackProps) {
  const client = useQueryClient()
  const [reason, setReason] = useState('')
  const back = useMutation({
    mutationFn: (wanted: ConfigVersion) => {
      const params = { header: ifMatch(current) }
      const body = { version: wanted.version, reason: reason.trim() }
      return of === 'signals'
        ? unwrap(api.PUT('/v1/signals', { params, body }))
        : unwrap(api.PUT('/v1/policy', { params, body }))
    },
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['signals'] }),
        client.invalidateQueries({ queryKey: ['policy'] }),
      ]),
  })
  const close = () => {
    setReason('')
    back.reset()
    onClose()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (version && reason.trim()) back.mutate(version, { onSuccess: close })
  }
  return (
    <Modal
      opened={version !== null}
      onClose={close}
      title={t('signals:versions.backTo', { version: version?.version ?? '' })}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      <form className={styles.dialog} onSubmit={submit}>
        <p>{t('signals:versions.backText')}</p>
        <Textarea
          label={t('signals:save.reason')}
          data-autofocus
          autosize
          minRows={2}
          maxLength={reasonMax}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {back.error && (
          <p className={styles.problem} role="alert">
            {asSentence(back.error.message)}
          </p>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            {t('actions.cancel')}
          </Button>
          <Button type="submit" disabled={!reason.trim()} loading={back.isPending}>
            {t('signals:versions.back')}
          </Button>
        </Group>
      </form>
    </Modal>
  )
}
