// SPDX-License-Identifier: Apache-2.0
//
// The sections that are plain forms: deadlines and limits, assumptions of the figures, the house.
import { ColorInput, NumberInput, Select, TextInput } from '@mantine/core'
import { t } from '../../lib/i18n'
import { type FormProps, Section } from './Section'
import type { Settings, SettingsChange } from '../../api/settings'

export interface SectionProps {
  settings: Settings
  isReadOnly: boolean
}

type NumberDraft = Record<string, number | string>

interface NumberField {
  member: string
  unit: string
  step?: number
  max?: number
}

// A number with its unit; the text beside it says what it does.
function NumberFields({
  fields,
  draft,
  set,
  errorOf,
}: { fields: NumberField[] } & FormProps<NumberDraft>) {
  return fields.map(({ member, unit, step, max }) => (
    <NumberInput
      key={member}
      label={t(`settings:fields.${member}` as 'settings:fields.approval')}
      description={t(`settings:help.${member}` as 'settings:help.approval')}
      min={0}
      max={max}
      step={step}
      suffix={` ${unit}`}
      thousandSeparator
      value={draft[member]}
      error={errorOf(member)}
      onChange={(value) => set({ [member]: value })}
    />
  ))
}

const readLimits = (s: Settings): NumberDraft => ({
  sla_hours_critical: s.sla_hours_critical,
  sla_hours_high: s.sla_hours_high,
  sla_hours_normal: s.sla_hours_normal,
  approval: Number(s.approval.amount),
})
const writeNumbers = (draft: NumberDraft): SettingsChange =>
  Object.fromEntries(Object.entries(draft).map(([name, value]) => [name, Number(value)]))

export function LimitsSection(props: SectionProps) {
  const hours = t('settings:units.hours')
  const fields = [
    { member: 'sla_hours_critical', unit: hours },
    { member: 'sla_hours_high', unit: hours },
    { member: 'sla_hours_normal', unit: hours },
    { member: 'approval', unit: props.settings.approval.currency, step: 100 },
  ]
  return (
    <Section
      {...props}
      title={t('settings:sections.limits')}
      read={readLimits}
      write={writeNumbers}
    >
      {(form) => <NumberFields fields={fields} {...form} />}
    </Section>
  )
}

const readFigures = (s: Settings): NumberDraft => ({
  cost_hour: Number(s.cost_hour.amount),
  minutes_per_alert: s.minutes_per_alert,
  months_prevented: s.months_prevented,
  share_prevented: s.share_prevented,
  platform_month: Number(s.platform_month.amount),
})

export function FiguresSection(props: SectionProps) {
  const { currency } = props.settings.cost_hour
  const fields = [
    { member: 'cost_hour', unit: currency },
    { member: 'minutes_per_alert', unit: t('settings:units.minutes') },
    { member: 'months_prevented', unit: t('settings:units.months') },
    { member: 'share_prevented', unit: '', step: 0.05, max: 1 },
    { member: 'platform_month', unit: currency, step: 100 },
  ]
  return (
    <Section
      {...props}
      title={t('settings:sections.figures')}
      help={t('settings:figuresHelp')}
      read={readFigures}
      write={writeNumbers}
    >
      {(form) => <NumberFields fields={fields} {...form} />}
    </Section>
  )
}

const readHouse = (s: Settings) => ({
  brand_name: s.brand_name,
  brand_colour: s.brand_colour,
  zone: s.zone,
  retention_days: s.retention_days as number | string,
})
type HouseDraft = ReturnType<typeof readHouse>
const writeHouse = (draft: HouseDraft): SettingsChange => ({
  ...draft,
  retention_days: Number(draft.retention_days),
})

const zones = () => Intl.supportedValuesOf('timeZone')

export function HouseSection(props: SectionProps) {
  return (
    <Section {...props} title={t('settings:sections.house')} read={readHouse} write={writeHouse}>
      {({ draft, set, errorOf }) => (
        <>
          <TextInput
            label={t('settings:fields.brand_name')}
            placeholder="Tillwatch"
            maxLength={64}
            value={draft.brand_name}
            error={errorOf('brand_name')}
            onChange={(event) => set({ brand_name: event.currentTarget.value })}
          />
          <ColorInput
            size="xs"
            label={t('settings:fields.brand_colour')}
            description={t('settings:help.brand_colour')}
            eyeDropperButtonProps={{ 'aria-label': t('settings:pick') }}
            value={draft.brand_colour}
            error={errorOf('brand_colour')}
            onChange={(value) => set({ brand_colour: value })}
          />
          <Select
            label={t('settings:fields.zone')}
            description={t('settings:help.zone')}
            data={zones()}
            searchable
            clearable
            limit={60}
            clearButtonProps={{ 'aria-label': t('settings:clear') }}
            value={draft.zone || null}
            error={errorOf('zone')}
            onChange={(value) => set({ zone: value ?? '' })}
          />
          <NumberInput
            label={t('settings:fields.retention_days')}
            description={t('settings:help.retention_days')}
            min={1}
            suffix={` ${t('settings:units.days')}`}
            value={draft.retention_days}
            error={errorOf('retention_days')}
            onChange={(value) => set({ retention_days: value })}
          />
        </>
      )}
    </Section>
  )
}
