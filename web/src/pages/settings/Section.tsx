// SPDX-License-Identifier: Apache-2.0
//
// One section of the settings: a form over some members. It sends what differs from what was read, and
// nothing else, so that two people can change different things at the same time.
import { Button, Group, Stack, Text } from '@mantine/core'
import { type FormEvent, type ReactNode, useEffect, useState } from 'react'
import { ApiError } from '../../api/client'
import { Panel } from '../../components/Panel'
import { t } from '../../lib/i18n'
import { Problem } from '../admin/ConfirmDialog'
import styles from './Settings.module.css'
import { type Settings, type SettingsChange, useChangeSettings } from '../../api/settings'

export interface FormProps<Draft> {
  draft: Draft
  set: (part: Partial<Draft>) => void
  errorOf: (member: string) => string | undefined
}

interface Props<Draft extends object> {
  title: string
  help?: string
  settings: Settings
  isReadOnly: boolean
  // Members as the form has them, and as the interface takes them.
  read: (settings: Settings) => Draft
  write: (draft: Draft) => SettingsChange
  children: (form: FormProps<Draft>) => ReactNode
}

// The members of `change` that differ from those of `before`.
function difference(change: SettingsChange, before: SettingsChange): SettingsChange {
  const changed = Object.entries(change).filter(
    ([name, value]) =>
      JSON.stringify(value) !== JSON.stringify(before[name as keyof SettingsChange]),
  )
  return Object.fromEntries(changed) as SettingsChange
}

export function Section<Draft extends object>(props: Props<Draft>) {
  const { settings, read, write, isReadOnly } = props
  const [draft, setDraft] = useState(() => read(settings))
  const { mutate, error, isPending, isSuccess, reset } = useChangeSettings()
  useEffect(() => setDraft(read(settings)), [settings, read])
  const change = difference(write(draft), write(read(settings)))
  const isChanged = Object.keys(change).length > 0
  const set = (part: Partial<Draft>) => {
    reset()
    setDraft((old) => ({ ...old, ...part }))
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isChanged) mutate({ version: settings.version, change })
  }
  const errorOf = (member: string) =>
    error instanceof ApiError && error.field?.split('.')[0] === member ? error.message : undefined
  return (
    <Panel title={props.title}>
      <form onSubmit={submit}>
        <fieldset className={styles.fields} disabled={isReadOnly}>
          <Stack gap="sm">
            {props.help && (
              <Text size="sm" c="dimmed">
                {props.help}
              </Text>
            )}
            {props.children({ draft, set, errorOf })}
            <Problem error={error} />
            {!isReadOnly && (
              <Group gap="xs">
                <Button type="submit" disabled={!isChanged} loading={isPending}>
                  {t('settings:save')}
                </Button>
                {isChanged && (
                  <Button variant="default" onClick={() => set(read(settings))}>
                    {t('settings:discard')}
                  </Button>
                )}
                <Text size="sm" c="dimmed" role="status">
                  {isSuccess && !isChanged ? t('settings:saved') : ''}
                </Text>
              </Group>
            )}
          </Stack>
        </fieldset>
      </form>
    </Panel>
  )
}
