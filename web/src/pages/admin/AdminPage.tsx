// SPDX-License-Identifier: Apache-2.0
//
// The administration, one address for each of its parts.
import { Tabs } from '@mantine/core'
import { useNavigate, useParams } from 'react-router-dom'
import { useCan } from '../../app/session'
import { NoRight, NotFound } from '../../components/States'
import { t } from '../../lib/i18n'
import { useTitle } from '../../lib/useTitle'
import page from '../Page.module.css'
import { AuditPanel } from './AuditPanel'
import { TokensPanel } from './TokensPanel'
import { UsersPanel } from './UsersPanel'

const parts = {
  users: { right: 'admin', Panel: UsersPanel },
  tokens: { right: 'admin', Panel: TokensPanel },
  audit: { right: 'audit', Panel: AuditPanel },
} as const
type Part = keyof typeof parts

const isPart = (text: string): text is Part => text in parts

export function AdminPage() {
  const { part = 'users' } = useParams()
  const navigate = useNavigate()
  const can = useCan()
  useTitle(t('admin:title'))
  if (!isPart(part)) return <NotFound what="page" />
  const { right, Panel } = parts[part]
  const offered = (Object.keys(parts) as Part[]).filter((name) => can(parts[name].right))
  if (!can(right)) return <NoRight />
  return (
    <div className={page.page}>
      <div className={page.head}>
        <h1>{t('admin:title')}</h1>
      </div>
      <Tabs
        miw={0}
        value={part}
        onChange={(name) => navigate(`/admin/${name}`)}
        keepMounted={false}
        activateTabWithKeyboard={false}
      >
        <Tabs.List>
          {offered.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t(`admin:parts.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={part} pt="sm">
          <Panel />
        </Tabs.Panel>
      </Tabs>
    </div>
  )
}
