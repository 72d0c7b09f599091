// SPDX-License-Identifier: Apache-2.0
//
// The head of every page about somebody or something: where it belongs, its name, what can be done.
import { Button } from '@mantine/core'
import { ChevronRight, Inbox, Search } from 'lucide-react'
import type { ReactNode } from 'react'
import { Link } from 'react-router-dom'
import { queueAddress, searchAddress } from '../../lib/address'
import { useCan } from '../../app/session'
import type { CaseContents } from '../../components/work/CaseForm'
import { CaseMenu } from '../../components/work/CaseMenu'
import { t } from '../../lib/i18n'
import styles from './Entities.module.css'

interface Props {
  // From the outside in, without the page itself.
  crumbs: { to: string; label: string }[]
  title: string
  // What finds its transactions, and its alerts where the queue can be asked for them.
  search?: Record<string, string>
  alerts?: Record<string, string>
  caseContents?: CaseContents
  children?: ReactNode
}

export function EntityHead({ crumbs, title, search, alerts, caseContents, children }: Props) {
  const can = useCan()
  return (
    <div className={styles.head}>
      {crumbs.length > 0 && (
        <nav aria-label={t('entities:crumbs')} className={styles.crumbs}>
          <ol>
            {crumbs.map(({ to, label }) => (
              <li key={to}>
                <Link to={to}>{label}</Link>
                <ChevronRight size={12} aria-hidden="true" />
              </li>
            ))}
          </ol>
        </nav>
      )}
      <h1>{title}</h1>
      {children}
      <span className={styles.actions}>
        {search && (
          <Button
            component={Link}
            to={searchAddress(search)}
            variant="default"
            leftSection={<Search size={14} />}
          >
            {t('entities:transactions')}
          </Button>
        )}
        {alerts && (
          <Button
            component={Link}
            to={queueAddress(alerts)}
            variant="default"
            leftSection={<Inbox size={14} />}
          >
            {t('entities:inQueue')}
          </Button>
        )}
        {caseContents && can('work') && <CaseMenu contents={caseContents} />}
      </span>
    </div>
  )
}
