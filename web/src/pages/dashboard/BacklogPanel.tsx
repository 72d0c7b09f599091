// SPDX-License-Identifier: Apache-2.0
//
// What waits now, whenever it was created.
import { Link } from 'react-router-dom'
import type { MetricsSummary } from '../../api/insight'
import { Panel } from '../../components/Panel'
import { queueAddress } from '../../lib/address'
import { formatAge, formatCount, formatMoneyRounded } from '../../lib/format'
import { t } from '../../lib/i18n'
import { useNow } from '../../lib/useNow'
import styles from './Dashboard.module.css'

type Backlog = MetricsSummary['backlog']

export function BacklogPanel({ backlog }: { backlog: Backlog }) {
  const now = useNow()
  const { filters } = backlog
  const rows: [string, number, string | null, boolean][] = [
    [t('dashboard:backlog.open'), backlog.open, filters.open, false],
    [t('dashboard:backlog.unassigned'), backlog.unassigned, filters.unassigned, false],
    [t('dashboard:backlog.overdue'), backlog.overdue, filters.overdue, backlog.overdue > 0],
    [t('dashboard:backlog.dueSoon'), backlog.due_24h, null, false],
    [t('dashboard:backlog.snoozed'), backlog.snoozed, filters.snoozed, false],
  ]
  return (
    <Panel title={t('dashboard:backlog.title')} aside={t('dashboard:backlog.aside')}>
      <dl className={styles.backlog}>
        {rows.map(([name, value, filter, isBad]) => (
          <div key={name} data-bad={isBad || undefined}>
            <dt>{name}</dt>
            <dd>
              {filter !== null && value > 0 ? (
                <Link to={queueAddress(filter)}>{formatCount(value)}</Link>
              ) : (
                formatCount(value)
              )}
            </dd>
          </div>
        ))}
        <div>
          <dt>{t('dashboard:backlog.exposure')}</dt>
          <dd>{formatMoneyRounded(backlog.exposure)}</dd>
        </div>
        {backlog.oldest_at && (
          <div>
            <dt>{t('dashboard:backlog.oldest')}</dt>
            <dd>{formatAge(backlog.oldest_at, now)}</dd>
          </div>
        )}
      </dl>
    </Panel>
  )
}
