// SPDX-License-Identifier: Apache-2.0
import { ActionIcon, Menu, useMantineColorScheme } from '@mantine/core'
import { Check, Monitor, Moon, Sun } from 'lucide-react'
import type { ReactNode } from 'react'
import { api, unwrap } from '../api/client'
import { type Language, currentLanguage, languages, setLanguage, t } from '../lib/i18n'
import { initials } from '../lib/people'
import styles from './Shell.module.css'
import { useSession } from './session'

const schemes = [
  { value: 'auto', key: 'shell.schemeAuto', icon: Monitor },
  { value: 'light', key: 'shell.schemeLight', icon: Sun },
  { value: 'dark', key: 'shell.schemeDark', icon: Moon },
] as const

async function signOut() {
  await unwrap(api.DELETE('/v1/session'))
  // A fresh load leaves nothing of the session in memory.
  window.location.assign('/')
}

interface ChoiceProps {
  isChosen: boolean
  icon?: ReactNode
  onChoose: () => void
  children: ReactNode
}

function Choice({ isChosen, icon, onChoose, children }: ChoiceProps) {
  return (
    <Menu.Item
      role="menuitemradio"
      aria-checked={isChosen}
      leftSection={icon}
      rightSection={isChosen ? <Check size={14} /> : undefined}
      onClick={onChoose}
    >
      {children}
    </Menu.Item>
  )
}

export function AccountMenu() {
  const session = useSession()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <ActionIcon aria-label={t('shell.account')} radius="xl" className={styles.account}>
          <span aria-hidden="true">{initials(session?.user ?? '')}</span>
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{session?.user}</Menu.Label>
        <Menu.Divider />
        <Menu.Label>{t('shell.scheme')}</Menu.Label>
        {schemes.map(({ value, key, icon: Icon }) => (
          <Choice
            key={value}
            isChosen={value === colorScheme}
            icon={<Icon size={14} />}
            onChoose={() => setColorScheme(value)}
          >
            {t(key)}
          </Choice>
        ))}
        <Menu.Divider />
        <Menu.Label>{t('shell.language')}</Menu.Label>
        {(Object.keys(languages) as Language[]).map((language) => (
          <Choice
            key={language}
            isChosen={language === currentLanguage()}
            onChoose={() => void setLanguage(language)}
          >
            <span lang={language}>{languages[language]}</span>
          </Choice>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => void signOut()}>{t('shell.signOut')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
