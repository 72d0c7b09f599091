// SPDX-License-Identifier: Apache-2.0
//
// The reasons that a verdict may have.
import { ActionIcon, Button, Select, TextInput } from '@mantine/core'
import { Plus, Trash2 } from 'lucide-react'
import type { VerdictKind } from '../../api/client'
import { t } from '../../lib/i18n'
import { verdictLabel } from '../../lib/vocabulary'
import type { SectionProps } from './FormSections'
import { Section } from './Section'
import styles from './Settings.module.css'
import { replaceAt, withoutAt } from './lists'
import type { Reason, Settings } from '../../api/settings'

const kinds: VerdictKind[] = ['CONFIRMED', 'REFUTED', 'OPERATIONAL', 'INCONCLUSIVE']

const read = (s: Settings) => ({ reasons: s.reasons })
const write = (draft: { reasons: Reason[] }) => draft

export function ReasonsSection(props: SectionProps) {
  return (
    <Section
      {...props}
      title={t('settings:sections.reasons')}
      help={t('settings:reasonsHelp')}
      read={read}
      write={write}
    >
      {({ draft: { reasons }, set, errorOf }) => (
        <div className={styles.rows}>
          {reasons.map((reason, i) => {
            const change = (part: Partial<Reason>) =>
              set({ reasons: replaceAt(reasons, i, { ...reason, ...part }) })
            return (
              <div key={i} className={`${styles.row} ${styles.reason}`}>
                <Select
                  aria-label={t('settings:reasonVerdict')}
                  data={kinds.map((kind) => ({ value: kind, label: verdictLabel(kind) }))}
                  allowDeselect={false}
                  value={reason.verdict}
                  onChange={(value) => change({ verdict: value as VerdictKind })}
                />
                <TextInput
                  aria-label={t('settings:reasonCode')}
                  placeholder={t('settings:reasonCode')}
                  maxLength={64}
                  value={reason.code}
                  onChange={(event) => change({ code: event.currentTarget.value })}
                />
                <TextInput
                  aria-label={t('settings:reasonTitle')}
                  placeholder={t('settings:reasonTitle')}
                  maxLength={128}
                  value={reason.title}
                  onChange={(event) => change({ title: event.currentTarget.value })}
                />
                <ActionIcon
                  aria-label={t('settings:reasonRemove', { name: reason.title })}
                  onClick={() => set({ reasons: withoutAt(reasons, i) })}
                >
                  <Trash2 size={16} />
                </ActionIcon>
              </div>
            )
          })}
          {errorOf('reasons') && <span role="alert">{errorOf('reasons')}</span>}
          <div>
            <Button
              variant="default"
              leftSection={<Plus size={14} />}
              onClick={() =>
                set({ reasons: [...reasons, { verdict: 'REFUTED', code: '', title: '' }] })
              }
            >
              {t('settings:addReason')}
            </Button>
          </div>
        </div>
      )}
    </Section>
  )
}
