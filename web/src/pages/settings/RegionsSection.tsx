// SPDX-License-Identifier: Apache-2.0
//
// Regions: names for groups of stores. Scopes of accounts, figures and assignment rules use them.
import { ActionIcon, Button, TagsInput, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Plus, Trash2 } from 'lucide-react'
import { storesQuery } from '../../api/queries'
import { t } from '../../lib/i18n'
import type { SectionProps } from './FormSections'
import { Section } from './Section'
import styles from './Settings.module.css'
import { replaceAt, withoutAt } from './lists'
import type { Region, Settings } from '../../api/settings'

const read = (s: Settings) => ({ regions: s.regions })
const write = (draft: { regions: Region[] }) => draft

export function RegionsSection(props: SectionProps) {
  const { data } = useQuery(storesQuery)
  const stores = data?.items.map((store) => store.store_id) ?? []
  return (
    <Section
      {...props}
      title={t('settings:sections.regions')}
      help={t('settings:regionsHelp')}
      read={read}
      write={write}
    >
      {({ draft: { regions }, set, errorOf }) => (
        <div className={styles.rows}>
          {regions.map((region, i) => {
            const change = (part: Partial<Region>) =>
              set({ regions: replaceAt(regions, i, { ...region, ...part }) })
            return (
              <div key={i} className={`${styles.row} ${styles.region}`}>
                <TextInput
                  label={t('settings:region')}
                  maxLength={64}
                  value={region.name}
                  onChange={(event) => change({ name: event.currentTarget.value })}
                />
                <TagsInput
                  size="xs"
                  label={t('settings:stores')}
                  data={stores}
                  limit={50}
                  value={region.stores}
                  onChange={(value) => change({ stores: value })}
                />
                <ActionIcon
                  aria-label={t('settings:removeRegion', { name: region.name })}
                  onClick={() => set({ regions: withoutAt(regions, i) })}
                >
                  <Trash2 size={16} />
                </ActionIcon>
              </div>
            )
          })}
          {errorOf('regions') && <span role="alert">{errorOf('regions')}</span>}
          <div>
            <Button
              variant="default"
              leftSection={<Plus size={14} />}
              onClick={() => set({ regions: [...regions, { name: '', stores: [] }] })}
            >
              {t('settings:addRegion')}
            </Button>
          </div>
        </div>
      )}
    </Section>
  )
}
