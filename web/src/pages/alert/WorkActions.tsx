// SPDX-License-Identifier: Apache-2.0
//
// Everything between opening an alert and its verdict: claim, assign, snooze, escalate, put into a
// case. A closed alert only goes into a case.
import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { AlarmClock, AlarmClockOff, Flag, FlagOff, Hand, UserPlus } from 'lucide-react'
import { useState } from 'react'
import type { AlertAction, AlertDetail } from '../../api/client'
import { useAlertAction } from '../../api/work'
import { useCan, useMe } from '../../app/session'
import { CaseMenu } from '../../components/work/CaseMenu'
import { EscalateForm } from '../../components/work/EscalateForm'
import { PeopleList } from '../../components/work/PeopleList'
import { SnoozeForm } from '../../components/work/SnoozeForm'
import { WorkPopover } from '../../components/work/WorkPopover'
import { shownError } from '../../lib/conflict'
import { entityText, subjectsOf } from '../../lib/entity'
import { asSentence } from '../../lib/format'
import { t } from '../../lib/i18n'
import { serverText } from '../../lib/serverText'
import { useKeys } from '../../lib/useKeys'
import styles from './AlertPage.module.css'

type Name = 'assign' | 'snooze' | 'escalate' | 'case'

export function WorkActions({ alert }: { alert: AlertDetail }) {
  const me = useMe()
  const can = useCan()
  const [open, setOpen] = useState<Name | null>(null)
  const { mutate, isPending } = useAlertAction()
  // A form is on what was there when it was opened; what comes meanwhile is a conflict.
  const [seen, setSeen] = useState(alert.version)
  const toggle = (name: Name | null) => {
    setSeen(alert.version)
    setOpen(name)
  }
  const run = (body: AlertAction) => {
    if (isPending) return
    mutate(
      { alertId: alert.alert_id, version: open === null ? alert.version : seen, body },
      {
        onSettled: () => setOpen(null),
        onError: (error) => {
          const why = shownError(error)
          if (why !== null)
            notifications.show({
              message: t('work:failed', { why: asSentence(why) }),
              color: 'red',
            })
        },
      },
    )
  }
  const isOpen = alert.status !== 'CLOSED'
  const isMine = alert.assignee === me
  const claim = () => {
    if (isOpen && !isMine) run({ action: 'claim' })
  }
  const show = (name: Name) => () => {
    if (isOpen || name === 'case') toggle(name)
  }
  const popover = (name: Name) => ({
    isOpen: open === name,
    onToggle: (shown: boolean) => toggle(shown ? name : null),
  })
  useKeys({
    c: claim,
    a: () => {
      if (can('manage') || isMine) show('assign')()
    },
    s: show('snooze'),
    e: show('escalate'),
    f: show('case'),
  })
  return (
    <div className={styles.work} role="group" aria-label={t('alert:work')}>
      {isOpen && !isMine && (
        <Button
          variant="default"
          leftSection={<Hand size={14} />}
          aria-keyshortcuts="c"
          title={t('work:claimHelp')}
          loading={isPending && open === null}
          onClick={claim}
        >
          {t('work:claim')}
        </Button>
      )}
      {isOpen && (can('manage') || isMine) && (
        <WorkPopover label={t('work:assign')} icon={UserPlus} shortcut="a" {...popover('assign')}>
          <PeopleList
            current={alert.assignee}
            isBusy={isPending}
            canFree
            onPick={(assignee) => run({ action: 'assign', assignee })}
          />
        </WorkPopover>
      )}
      {isOpen && !alert.snoozed_until && (
        <WorkPopover label={t('work:snooze')} icon={AlarmClock} shortcut="s" {...popover('snooze')}>
          <SnoozeForm isBusy={isPending} onPick={(until) => run({ action: 'snooze', until })} />
        </WorkPopover>
      )}
      {isOpen && alert.snoozed_until && (
        <Button
          variant="default"
          leftSection={<AlarmClockOff size={14} />}
          onClick={() => run({ action: 'wake' })}
        >
          {t('work:wake')}
        </Button>
      )}
      {isOpen && alert.status !== 'ESCALATED' && (
        <WorkPopover label={t('work:escalate')} icon={Flag} shortcut="e" {...popover('escalate')}>
          <EscalateForm
            isBusy={isPending}
            onEscalate={(note, assignee) =>
              run({ action: 'escalate', note, ...(assignee && { assignee }) })
            }
          />
        </WorkPopover>
      )}
      {alert.status === 'ESCALATED' && (
        <Button
          variant="default"
          leftSection={<FlagOff size={14} />}
          onClick={() => run({ action: 'deescalate' })}
        >
          {t('work:deescalate')}
        </Button>
      )}
      {!alert.case_id && (
        <CaseMenu
          contents={{
            title: `${serverText(alert.title)}: ${entityText(alert)}`.slice(0, 200),
            alerts: [alert.alert_id],
            subjects: subjectsOf(alert),
          }}
          {...popover('case')}
        />
      )}
    </div>
  )
}
