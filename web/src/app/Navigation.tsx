// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query'
import { NavLink } from 'react-router-dom'
import { summaryQuery } from '../api/queries'
import { formatCompact } from '../lib/format'
import { t } from '../lib/i18n'
import styles from './Navigation.module.css'
import { navGroups } from './pages'
import { useCan } from './session'

export function Navigation() {
  const can = useCan()
  const groups = navGroups
    .map((group) => group.filter((page) => can(page.right)))
    .filter((group) => group.length > 0)
  return (
    <>
      {groups.map((group) => (
        <ul key={group[0]?.to} className={styles.group}>
          {group.map(({ to, name, icon: Icon }) => (
            <li key={to}>
              <NavLink to={to} end={to === '/'} className={styles.link} title={t(`pages.${name}`)}>
                <Icon size={16} aria-hidden="true" />
                <span className={styles.name}>{t(`pages.${name}`)}</span>
                {name === 'rejected' && <RejectedCount />}
              </NavLink>
            </li>
          ))}
        </ul>
      ))}
    </>
  )
}

function RejectedCount() {
  const { data } = useQuery(summaryQuery)
  if (!data?.dead_letters) return null
  return <span className={styles.badge}>{formatCompact(data.dead_letters)}</span>
}
