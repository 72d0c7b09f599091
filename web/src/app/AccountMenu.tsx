// SPDX-License-Identifier: Apache-2.0
import { ActionIcon, Menu, useMantineColorScheme } from '@mantine/core'
import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { Check, Monitor, Moon, Sun } from 'lucide-react'
import { type ReactNode, Suspense, lazy, useState } from 'react'
import { api, unwrap } from '../api/client'
import { sessionQuery } from '../api/queries'
import {
  type Language,
  currentLanguage,
  languages,
  loadNamespaces,
  setLanguage,
  t,
} from '../lib/i18n'
import { initials } from '../lib/people'
import styles from './Shell.module.css'
import { useSession } from './session'

const PasswordDialog = lazy(async () => {
  const [dialog] = await Promise.all([import('./sign/PasswordDialog'), loadNamespaces(['sign'])])
  return { default: dialog.PasswordDialog }
})

const schemes = [
  { value: 'auto', key: 'shell.schemeAuto', icon: Monitor },
  { value: 'light', key: 'shell.schemeLight', icon: Sun },
  { value: 'dark', key: 'shell.schemeDark', icon: Moon },
] as const

// The account remembers the language for other browsers; here it holds in any case.
function chooseLanguage(language: Language, client: QueryClient) {
  void unwrap(api.PATCH('/v1/session', { body: { locale: language } }))
    .then((session) => client.setQueryData(sessionQuery.queryKey, session))
    .catch(() => undefined)
    .then(() => setLanguage(language))
}

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
      aria-current={isChosen || undefined}
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
  const client = useQueryClient()
  const [isChanging, setChanging] = useState(false)
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <>
      <Menu position="bottom-end" width={210}>
        <Menu.Target>
          <ActionIcon aria-label={t('shell.account')} radius="xl" className={styles.account}>
            <span aria-hidden="true">{initials(session?.name || session?.user || '')}</span>
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            {session?.name || session?.user}
            {session?.role && ` · ${t(`roles.${session.role}`)}`}
          </Menu.Label>
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
              onChoose={() => chooseLanguage(language, client)}
            >
              <span lang={language}>{languages[language]}</span>
            </Choice>
          ))}
          <Menu.Divider />
          {session?.has_password && (
            <Menu.Item onClick={() => setChanging(true)}>{t('shell.password')}…</Menu.Item>
          )}
          <Menu.Item onClick={() => void signOut()}>{t('shell.signOut')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {isChanging && (
        <Suspense>
          <PasswordDialog onClose={() => setChanging(false)} />
        </Suspense>
      )}
    </>
  )
}
