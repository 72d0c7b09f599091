// SPDX-License-Identifier: Apache-2.0
//
// The verdict, always in view. A given verdict can be taken back or replaced.
import { Button, Popover } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { AlertDetail, VerdictKind } from '../../api/client'
import { reasonsQuery } from '../../api/queries'
import { useCan } from '../../app/session'
import { usePersonName } from '../../components/Person'
import { StatusTag } from '../../components/Tags'
import { VerdictForm, useDecide } from '../../components/VerdictForm'
import { formatMoment, formatMoney } from '../../lib/format'
import { t } from '../../lib/i18n'
import { useKeys } from '../../lib/useKeys'
import { label, reasonLabel, verdictKeys, verdictOrder, verdictVerb } from '../../lib/vocabulary'
import styles from './AlertPage.module.css'

export function VerdictBar({ alert }: { alert: AlertDetail }) {
  const [openKind, setOpenKind] = useState<VerdictKind | null>(null)
  const can = useCan()
  const { undo, isPending, error } = useDecide()
  const reopen = () => {
    if (alert.verdict && !isPending && can('work')) undo(alert, null).catch(() => undefined)
  }
  useKeys({
    y: () => can('work') && setOpenKind('CONFIRMED'),
    r: () => can('work') && setOpenKind('REFUTED'),
    p: () => can('work') && setOpenKind('OPERATIONAL'),
    i: () => can('work') && setOpenKind('INCONCLUSIVE'),
    z: reopen,
  })
  return (
    <div className={styles.bar} role="group" aria-label={t('alert:verdict')}>
      <div className={styles.state} data-testid="verdict-state">
        {alert.verdict ? (
          <GivenVerdict verdict={alert.verdict} status={alert.status} />
        ) : (
          <StatusTag alert={alert} />
        )}
        {alert.verdict && can('work') && (
          <Button variant="default" size="compact-sm" fz="xs" loading={isPending} onClick={reopen}>
            {t('actions.undo')}
          </Button>
        )}
        {error && <span role="alert">{error}</span>}
      </div>
      {can('work') ? (
        <div className={styles.actions}>
          {verdictOrder.map((kind) => (
            <VerdictButton
              key={kind}
              alert={alert}
              kind={kind}
              isOpen={openKind === kind}
              onToggle={(isOpen) => setOpenKind(isOpen ? kind : null)}
            />
          ))}
        </div>
      ) : (
        <span className="muted">{t('alert:readOnly')}</span>
      )}
    </div>
  )
}

function GivenVerdict({
  verdict,
  status,
}: {
  verdict: NonNullable<AlertDetail['verdict']>
  status: AlertDetail['status']
}) {
  const { data } = useQuery(reasonsQuery)
  const nameOf = usePersonName()
  const reason = data?.items.find(
    (item) => item.verdict === verdict.verdict && item.reason === verdict.reason,
  )
  return (
    <>
      <StatusTag alert={{ status, verdict }} />
      <span>{reason ? reasonLabel(reason) : label(verdict.reason)}</span>
      {verdict.recovered && (
        <span>{t('alert:recovered', { amount: formatMoney(verdict.recovered) })}</span>
      )}
      <span>
        {t('alert:decided', {
          name: nameOf(verdict.decided_by),
          time: formatMoment(verdict.decided_at),
        })}
      </span>
      {verdict.note && <span>“{verdict.note}”</span>}
    </>
  )
}

interface ButtonProps {
  alert: AlertDetail
  kind: VerdictKind
  isOpen: boolean
  onToggle: (isOpen: boolean) => void
}

function VerdictButton({ alert, kind, isOpen, onToggle }: ButtonProps) {
  const isGiven = alert.verdict?.verdict === kind
  return (
    <Popover
      opened={isOpen}
      onChange={onToggle}
      position="top-end"
      trapFocus
      returnFocus
      shadow="md"
    >
      <Popover.Target>
        <Button
          size="sm"
          variant={kind === 'CONFIRMED' ? 'filled' : 'default'}
          px={{ base: 6, sm: 14 }}
          aria-pressed={isGiven}
          aria-keyshortcuts={verdictKeys[kind]}
          onClick={() => onToggle(!isOpen)}
        >
          {verdictVerb(kind)}
          <span className={styles.key} aria-hidden="true">
            {verdictKeys[kind].toUpperCase()}
          </span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <VerdictForm alert={alert} kind={kind} onDone={() => onToggle(false)} />
      </Popover.Dropdown>
    </Popover>
  )
}
