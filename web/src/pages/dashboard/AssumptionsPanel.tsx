// SPDX-License-Identifier: Apache-2.0
//
// What the estimates rest on. Whoever may change settings changes them here.
import { Button, Group, Modal, NumberInput, Skeleton } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Pencil } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import type { MetricsAssumption } from '../../api/insight'
import { useCanEverywhere } from '../../app/session'
import { Panel } from '../../components/Panel'
import {
  asSentence,
  decimalMark,
  formatMoneyRounded,
  formatPercent,
  formatShort,
} from '../../lib/format'
import { t } from '../../lib/i18n'
import {
  type Settings,
  type SettingsChange,
  settingsQuery,
  useChangeSettings,
} from '../../api/settings'
import styles from './Dashboard.module.css'

interface Props {
  assumptions: MetricsAssumption[]
  currency: string
}

function valueText({ unit, value }: MetricsAssumption, currency: string): string {
  switch (unit) {
    case 'minor':
      return formatMoneyRounded({ amount: String(value / 100), currency })
    case 'share':
      return formatPercent(value)
    case 'months':
    case 'minutes':
    case 'hours':
      return t(`dashboard:assumption.${unit}`, { n: formatShort(value) })
  }
}

export function AssumptionsPanel({ assumptions, currency }: Props) {
  const can = useCanEverywhere()
  const [isOpen, setOpen] = useState(false)
  return (
    <Panel
      title={t('dashboard:assumptions.title')}
      aside={
        can('manage') ? (
          <Button
            variant="subtle"
            size="compact-sm"
            fz="xs"
            leftSection={<Pencil size={12} />}
            onClick={() => setOpen(true)}
          >
            {t('dashboard:assumptions.change')}
          </Button>
        ) : (
          t('dashboard:assumptions.aside')
        )
      }
    >
      <dl className={styles.assumptions}>
        {assumptions.map((item) => (
          <div key={item.name}>
            <dt>{t(`dashboard:setting.${item.name}`)}</dt>
            <dd>{valueText(item, currency)}</dd>
          </div>
        ))}
      </dl>
      <Modal
        opened={isOpen}
        onClose={() => setOpen(false)}
        title={t('dashboard:assumptions.title')}
        closeButtonProps={{ 'aria-label': t('actions.close') }}
      >
        {isOpen && <Change onDone={() => setOpen(false)} />}
      </Modal>
    </Panel>
  )
}

function Change({ onDone }: { onDone: () => void }) {
  const { data, error } = useQuery(settingsQuery)
  if (error && !data) return <p role="alert">{asSentence(error.message)}</p>
  return data ? <Form settings={data} onDone={onDone} /> : <Skeleton height={320} />
}

// The members of the settings behind the assumptions, in the order of the panel.
const fields = [
  { name: 'months_prevented', label: 'months_prevented', unit: 'months' },
  { name: 'share_prevented', label: 'share_prevented', unit: 'share' },
  { name: 'minutes_per_alert', label: 'minutes_per_alert', unit: 'minutes' },
  { name: 'cost_hour', label: 'cost_hour_minor', unit: 'money' },
  { name: 'platform_month', label: 'platform_month_minor', unit: 'money' },
  { name: 'sla_hours_critical', label: 'sla_hours_critical', unit: 'hours' },
  { name: 'sla_hours_high', label: 'sla_hours_high', unit: 'hours' },
  { name: 'sla_hours_normal', label: 'sla_hours_normal', unit: 'hours' },
] as const

type FieldName = (typeof fields)[number]['name']
type Values = Record<FieldName, number | string>

function shown(settings: Settings, name: FieldName): number {
  const value = settings[name]
  if (typeof value === 'object') return Number(value.amount)
  return name === 'share_prevented' ? Math.round(value * 1000) / 10 : value
}

function suffixOf(unit: (typeof fields)[number]['unit'], settings: Settings): string {
  if (unit === 'money') return ` ${settings.cost_hour.currency}`
  return unit === 'share' ? ' %' : ` ${t(`dashboard:assumption.${unit}`, { n: '' }).trim()}`
}

function changeOf(settings: Settings, values: Values): SettingsChange {
  const change: SettingsChange = {}
  for (const { name, unit } of fields) {
    const value = values[name]
    if (value === '' || Number(value) === shown(settings, name)) continue
    if (unit === 'money') Object.assign(change, { [name]: String(value) })
    else Object.assign(change, { [name]: unit === 'share' ? Number(value) / 100 : Number(value) })
  }
  return change
}

function Form({ settings, onDone }: { settings: Settings; onDone: () => void }) {
  const [values, setValues] = useState(
    () => Object.fromEntries(fields.map(({ name }) => [name, shown(settings, name)])) as Values,
  )
  const client = useQueryClient()
  const { mutate, error, isPending } = useChangeSettings()
  const change = changeOf(settings, values)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const onSuccess = () => {
      void client.invalidateQueries({ queryKey: ['metrics'] })
      onDone()
    }
    mutate({ version: settings.version, change }, { onSuccess })
  }
  return (
    <form className={styles.form} onSubmit={submit}>
      {fields.map(({ name, label, unit }) => (
        <NumberInput
          key={name}
          label={t(`dashboard:setting.${label}`)}
          min={0}
          max={unit === 'share' ? 100 : undefined}
          decimalScale={unit === 'money' ? 2 : 1}
          decimalSeparator={decimalMark()}
          thousandSeparator={unit === 'money' ? ' ' : undefined}
          suffix={suffixOf(unit, settings)}
          required
          value={values[name]}
          onChange={(value) => setValues((now) => ({ ...now, [name]: value }))}
        />
      ))}
      <p className={styles.note}>{t('dashboard:assumptions.reason')}</p>
      {error && (
        <p className={styles.problem} role="alert">
          {asSentence(error.message)}
        </p>
      )}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onDone}>
          {t('actions.cancel')}
        </Button>
        <Button type="submit" loading={isPending} disabled={Object.keys(change).length === 0}>
          {t('dashboard:assumptions.save')}
        </Button>
      </Group>
    </form>
  )
}
