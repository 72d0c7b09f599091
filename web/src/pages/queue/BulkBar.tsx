// SPDX-License-Identifier: Apache-2.0
//
// What can be done with several alerts at once. Each succeeds or fails by itself: one that somebody
// else changed meanwhile is left alone, stays ticked, and the reason is said.
import { ActionIcon, Button, Menu, Modal } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { AlarmClock, CheckCheck, Flag, FolderPlus, UserPlus, X } from 'lucide-react'
import { useState } from 'react'
import type { Alert, BulkAction, BulkResult, VerdictKind } from '../../api/client'
import { useBulkAction } from '../../api/work'
import { useCan, useMe } from '../../app/session'
import { type Decision, ReasonForm } from '../../components/VerdictForm'
import { CaseForm } from '../../components/work/CaseForm'
import { EscalateForm } from '../../components/work/EscalateForm'
import { PeopleList } from '../../components/work/PeopleList'
import { SnoozeForm } from '../../components/work/SnoozeForm'
import { WorkPopover } from '../../components/work/WorkPopover'
import { entityText, subjectsOf } from '../../lib/entity'
import { asSentence } from '../../lib/format'
import { t } from '../../lib/i18n'
import { serverText } from '../../lib/serverText'
import { verdictOrder, verdictVerb } from '../../lib/vocabulary'
import styles from './BulkBar.module.css'

export type BulkPanel = 'assign' | 'snooze' | 'escalate' | 'case'

type Action = Omit<BulkAction, 'alert_ids' | 'versions'>

interface Props {
  alerts: Alert[]
  panel: BulkPanel | null
  onPanel: (panel: BulkPanel | null) => void
  onClear: () => void
  onDone: () => void
}

function report({ succeeded, failed, results }: BulkResult) {
  if (succeeded > 0) notifications.show({ message: t('queue:bulk.done', { count: succeeded }) })
  if (failed === 0) return
  const why = asSentence(results.find((result) => result.detail)?.detail ?? '')
  notifications.show({
    message: t('queue:bulk.failed', { count: failed, why }),
    color: 'red',
    autoClose: 15_000,
  })
}

// Every subject once, however many alerts are about it.
function contentsOf(alerts: Alert[]) {
  const subjects = new Map(
    alerts.flatMap(subjectsOf).map((subject) => [`${subject.kind}/${subject.id}`, subject]),
  )
  const [first] = alerts
  return {
    title: first ? `${serverText(first.title)}: ${entityText(first)}`.slice(0, 200) : '',
    alerts: alerts.map((alert) => alert.alert_id),
    subjects: [...subjects.values()].slice(0, 50),
  }
}

export function BulkBar({ alerts, panel, onPanel, onClear, onDone }: Props) {
  const bulk = useBulkAction()
  const can = useCan()
  const me = useMe()
  const [closing, setClosing] = useState<VerdictKind | null>(null)
  const finish = () => {
    onPanel(null)
    setClosing(null)
    onClear()
    onDone()
  }
  const run = (action: Action) =>
    bulk.mutate(
      { ...action, alert_ids: alerts.map((alert) => alert.alert_id) },
      {
        onSuccess: (result) => {
          report(result)
          finish()
        },
        onError: (error) => {
          const why = asSentence(error.message)
          notifications.show({ message: t('work:failed', { why }), color: 'red' })
        },
      },
    )
  const popover = (name: BulkPanel) => ({
    isOpen: panel === name,
    onToggle: (isOpen: boolean) => onPanel(isOpen ? name : null),
    position: 'top-start' as const,
  })
  return (
    <div className={styles.bar} role="group" aria-label={t('queue:bulk.label')}>
      <b className="num" data-testid="ticked">
        {t('queue:bulk.n', { count: alerts.length })}
      </b>
      {can('manage') ? (
        <WorkPopover label={t('work:assign')} icon={UserPlus} shortcut="a" {...popover('assign')}>
          <PeopleList
            current={null}
            isBusy={bulk.isPending}
            canFree={false}
            onPick={(assignee) => run({ action: 'assign', assignee })}
          />
        </WorkPopover>
      ) : (
        <Button
          variant="default"
          leftSection={<UserPlus size={14} />}
          loading={bulk.isPending}
          onClick={() => run({ action: 'assign', assignee: me })}
        >
          {t('work:claim')}
        </Button>
      )}
      <WorkPopover label={t('work:snooze')} icon={AlarmClock} shortcut="s" {...popover('snooze')}>
        <SnoozeForm isBusy={bulk.isPending} onPick={(until) => run({ action: 'snooze', until })} />
      </WorkPopover>
      <WorkPopover label={t('work:escalate')} icon={Flag} shortcut="e" {...popover('escalate')}>
        <EscalateForm
          isBusy={bulk.isPending}
          onEscalate={(note, assignee) =>
            run({ action: 'escalate', note, assignee: assignee ?? undefined })
          }
        />
      </WorkPopover>
      <WorkPopover label={t('work:addToCase')} icon={FolderPlus} shortcut="f" {...popover('case')}>
        <CaseForm
          contents={contentsOf(alerts)}
          onDone={(caseId) => {
            notifications.show({ message: t('work:added', { id: caseId }) })
            finish()
          }}
        />
      </WorkPopover>
      <Menu position="top-start">
        <Menu.Target>
          <Button variant="default" leftSection={<CheckCheck size={14} />}>
            {t('queue:bulk.close')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {verdictOrder.map((kind) => (
            <Menu.Item key={kind} onClick={() => setClosing(kind)}>
              {verdictVerb(kind)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <ActionIcon aria-label={t('queue:bulk.clear')} onClick={onClear} className={styles.clear}>
        <X size={16} />
      </ActionIcon>
      <Modal
        opened={closing !== null}
        onClose={() => setClosing(null)}
        title={t('queue:bulk.closeTitle', { count: alerts.length })}
        closeButtonProps={{ 'aria-label': t('actions.close') }}
        size="auto"
      >
        {closing && (
          <ReasonForm
            kind={closing}
            currency={null}
            isPending={bulk.isPending}
            error={null}
            onPick={({ reason, note }: Decision) =>
              run({ action: 'verdict', verdict: closing, reason, note: note.trim() || undefined })
            }
          />
        )}
      </Modal>
    </div>
  )
}
