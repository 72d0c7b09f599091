// SPDX-License-Identifier: Apache-2.0
//
// The link from a receipt to the video of that moment, with what it would look like.
import { Text, TextInput } from '@mantine/core'
import { t } from '../../lib/i18n'
import type { SectionProps } from './FormSections'
import { Section } from './Section'
import styles from './Settings.module.css'
import type { Settings } from '../../api/settings'

const example = {
  store: 'S0007',
  register: '3',
  time: '2026-03-01T18:22:05+01:00',
  unix: '1772385725',
}

const fill = (template: string) =>
  template.replace(/\{(store|register|time|unix)\}/g, (_, name: keyof typeof example) =>
    encodeURIComponent(example[name]),
  )

const read = (s: Settings) => ({ camera_link: s.camera_link })
const write = (draft: ReturnType<typeof read>) => draft

export function CameraSection(props: SectionProps) {
  return (
    <Section
      {...props}
      title={t('settings:sections.camera')}
      help={t('settings:cameraHelp')}
      read={read}
      write={write}
    >
      {({ draft, set, errorOf }) => (
        <>
          <TextInput
            label={t('settings:fields.camera_link')}
            placeholder="https://video.example/{store}/{register}?at={unix}"
            maxLength={500}
            value={draft.camera_link}
            error={errorOf('camera_link')}
            onChange={(event) => set({ camera_link: event.currentTarget.value })}
          />
          {draft.camera_link && (
            <div>
              <Text size="xs" c="dimmed">
                {t('settings:preview')}
              </Text>
              <div className={styles.preview}>{fill(draft.camera_link)}</div>
            </div>
          )}
        </>
      )}
    </Section>
  )
}
