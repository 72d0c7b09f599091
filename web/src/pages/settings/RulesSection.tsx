// SPDX-License-Identifier: Apache-2.0
//
// Who gets a new alert: the first rule that fits.
import { ActionIcon, Button, Group, NumberInput, Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ArrowUp, Plus, Trash2 } from 'lucide-react'
import { signalsQuery } from '../../api/queries'
import { peopleQuery } from '../../api/work'
import { t } from '../../lib/i18n'
import { alertTypeLabel, label } from '../../lib/vocabulary'
import type { AlertType } from '../../api/client'
import type { SectionProps } from './FormSections'
import { Section } from './Section'
import styles from './Settings.module.css'
import { moveUp, replaceAt, withoutAt } from './lists'
import { type Rule, type Settings } from '../../api/settings'

const types: AlertType[] = [
  'DISCOUNT',
  'VOID_REFUND',
  'EMPLOYEE',
  'TIME',
  'CROSS_STORE',
  'INVENTORY',
]
const empty: Rule = {
  region: null,
  type: null,
  scheme: null,
  min_risk: 0,
  assignee: null,
  team: null,
}

const read = (s: Settings) => ({ rules: s.rules })
const write = (draft: { rules: Rule[] }) => draft

// "user:ana" or "team:North": a rule names one of them.
const targetOf = (rule: Rule) =>
  rule.assignee ? `user:${rule.assignee}` : rule.team ? `team:${rule.team}` : null

function withTarget(rule: Rule, target: string | null): Rule {
  const [kind, ...name] = (target ?? '').split(':')
  const of = (wanted: string) => (kind === wanted ? name.join(':') : null)
  return { ...rule, assignee: of('user'), team: of('team') }
}

export function RulesSection(props: SectionProps) {
  const people = useQuery(peopleQuery).data?.items.filter((person) => person.can_work) ?? []
  const schemes = [...new Set(useQuery(signalsQuery).data?.items.map((signal) => signal.scheme))]
  const teams = [...new Set(people.flatMap((person) => person.team ?? []))]
  const targets = [
    {
      group: t('settings:teams'),
      items: teams.map((team) => ({ value: `team:${team}`, label: team })),
    },
    {
      group: t('settings:analysts'),
      items: people.map((person) => ({ value: `user:${person.user_id}`, label: person.name })),
    },
  ]
  const choices = {
    region: props.settings.regions.map((region) => ({ value: region.name, label: region.name })),
    type: types.map((type) => ({ value: type, label: alertTypeLabel(type) })),
    scheme: schemes.map((scheme) => ({ value: scheme, label: label(scheme) })),
  }
  return (
    <Section
      {...props}
      title={t('settings:sections.rules')}
      help={t('settings:rulesHelp')}
      read={read}
      write={write}
    >
      {({ draft: { rules }, set, errorOf }) => (
        <div className={styles.rows}>
          {rules.map((rule, i) => {
            const change = (part: Partial<Rule>) =>
              set({ rules: replaceAt(rules, i, { ...rule, ...part }) })
            return (
              <div key={i} className={`${styles.row} ${styles.rule}`}>
                {(['region', 'type', 'scheme'] as const).map((member) => (
                  <Select
                    key={member}
                    label={t(`settings:rule.${member}`)}
                    placeholder={t('settings:any')}
                    data={choices[member]}
                    searchable
                    clearable
                    clearButtonProps={{ 'aria-label': t('settings:clear') }}
                    value={rule[member]}
                    onChange={(value) => change({ [member]: value })}
                  />
                ))}
                <NumberInput
                  label={t('settings:rule.min_risk')}
                  min={0}
                  max={1}
                  step={0.05}
                  decimalScale={2}
                  value={rule.min_risk}
                  onChange={(value) => change({ min_risk: Number(value) })}
                />
                <Select
                  label={t('settings:rule.target')}
                  placeholder={t('settings:choose')}
                  data={targets}
                  searchable
                  value={targetOf(rule)}
                  onChange={(value) => set({ rules: replaceAt(rules, i, withTarget(rule, value)) })}
                />
                <Group gap={4}>
                  <ActionIcon
                    disabled={i === 0}
                    aria-label={t('settings:ruleUp', { n: i + 1 })}
                    onClick={() => set({ rules: moveUp(rules, i) })}
                  >
                    <ArrowUp size={16} />
                  </ActionIcon>
                  <ActionIcon
                    aria-label={t('settings:ruleRemove', { n: i + 1 })}
                    onClick={() => set({ rules: withoutAt(rules, i) })}
                  >
                    <Trash2 size={16} />
                  </ActionIcon>
                </Group>
              </div>
            )
          })}
          {errorOf('rules') && <span role="alert">{errorOf('rules')}</span>}
          <div>
            <Button
              variant="default"
              leftSection={<Plus size={14} />}
              onClick={() => set({ rules: [...rules, empty] })}
            >
              {t('settings:addRule')}
            </Button>
          </div>
        </div>
      )}
    </Section>
  )
}
