// SPDX-License-Identifier: Apache-2.0
import { Button, NumberInput, Select, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { Panel } from '../../components/Panel'
import { usePersonName } from '../../components/Person'
import { formatMoment, formatMoney } from '../../lib/format'
import { t } from '../../lib/i18n'
import styles from './Case.module.css'
import type { PanelProps } from './useFile'

const kinds = ['recovered', 'restitution', 'exposure'] as const
type Kind = (typeof kinds)[number]

const referrals = ['hr', 'law_enforcement', 'civil'] as const
type Referral = (typeof referrals)[number]

export function MoneyPanel({ file, work }: PanelProps) {
  const nameOf = usePersonName()
  return (
    <Panel title={t('cases:money.title')}>
      {file.money.length === 0 && <p className={styles.quiet}>{t('cases:money.none')}</p>}
      <ul className={styles.entries}>
        {file.money.map((entry, index) => (
          <li key={index}>
            <b className="num">{formatMoney(entry.amount)}</b>
            <span>{t(`cases:money.${entry.kind}`)}</span>
            {entry.note && <span>{entry.note}</span>}
            <small>
              {nameOf(entry.by)}, {formatMoment(entry.at)}
            </small>
          </li>
        ))}
      </ul>
      {work.canEdit && <AddMoney file={file} work={work} />}
    </Panel>
  )
}

function AddMoney({ file, work }: PanelProps) {
  const [kind, setKind] = useState<Kind>('recovered')
  const [amount, setAmount] = useState<string | number>('')
  const [note, setNote] = useState('')
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    const body = {
      action: 'money' as const,
      kind,
      amount: String(amount),
      note: note.trim() || undefined,
    }
    void work.run(body).then((isDone) => {
      if (!isDone) return
      setAmount('')
      setNote('')
    })
  }
  const amountLabel = t('cases:money.amount', { currency: file.exposure.currency })
  return (
    <form className={styles.addRow} data-inset onSubmit={onSubmit}>
      <Select
        className={styles.kind}
        aria-label={t('cases:money.kind')}
        data={kinds.map((value) => ({ value, label: t(`cases:money.${value}`) }))}
        value={kind}
        allowDeselect={false}
        onChange={(value) => setKind((value ?? 'recovered') as Kind)}
      />
      <NumberInput
        className={styles.amount}
        aria-label={amountLabel}
        placeholder={amountLabel}
        min={0}
        decimalScale={2}
        hideControls
        value={amount}
        onChange={setAmount}
      />
      <TextInput
        className={styles.grow}
        aria-label={t('cases:money.note')}
        placeholder={t('cases:money.note')}
        maxLength={2000}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <Button
        type="submit"
        variant="default"
        disabled={amount === '' || Number(amount) <= 0}
        loading={work.isPending}
      >
        {t('cases:money.add')}
      </Button>
    </form>
  )
}

export function ReferralsPanel({ file, work }: PanelProps) {
  const nameOf = usePersonName()
  return (
    <Panel title={t('cases:referrals.title')}>
      {file.referrals.length === 0 && <p className={styles.quiet}>{t('cases:referrals.none')}</p>}
      <ul className={styles.entries}>
        {file.referrals.map((entry, index) => (
          <li key={index}>
            <b>{t(`referral.${entry.to}`)}</b>
            {entry.reference && <span>{entry.reference}</span>}
            {entry.note && <span>{entry.note}</span>}
            <small>
              {nameOf(entry.by)}, {formatMoment(entry.at)}
            </small>
          </li>
        ))}
      </ul>
      {work.canEdit && <AddReferral file={file} work={work} />}
    </Panel>
  )
}

function AddReferral({ work }: PanelProps) {
  const [to, setTo] = useState<Referral>('hr')
  const [reference, setReference] = useState('')
  const [note, setNote] = useState('')
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    const body = {
      action: 'refer' as const,
      to,
      reference: reference.trim() || undefined,
      note: note.trim() || undefined,
    }
    void work.run(body).then((isDone) => {
      if (!isDone) return
      setReference('')
      setNote('')
    })
  }
  return (
    <form className={styles.addRow} data-inset onSubmit={onSubmit}>
      <Select
        className={styles.wide}
        aria-label={t('cases:referrals.to')}
        data={referrals.map((value) => ({ value, label: t(`referral.${value}`) }))}
        value={to}
        allowDeselect={false}
        onChange={(value) => setTo((value ?? 'hr') as Referral)}
      />
      <TextInput
        className={styles.amount}
        aria-label={t('cases:referrals.reference')}
        placeholder={t('cases:referrals.reference')}
        maxLength={128}
        value={reference}
        onChange={(event) => setReference(event.currentTarget.value)}
      />
      <TextInput
        className={styles.grow}
        aria-label={t('cases:referrals.note')}
        placeholder={t('cases:referrals.note')}
        maxLength={2000}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <Button type="submit" variant="default" loading={work.isPending}>
        {t('cases:referrals.add')}
      </Button>
    </form>
  )
}
