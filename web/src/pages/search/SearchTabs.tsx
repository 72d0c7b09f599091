// SPDX-License-Identifier: Apache-2.0
import { Link } from 'react-router-dom'
import { useCanEverywhere } from '../../app/session'
import { t } from '../../lib/i18n'
import styles from './Search.module.css'

export function SearchTabs({ current }: { current: 'search' | 'sql' }) {
  const can = useCanEverywhere()
  return (
    <div className={styles.top}>
      <h1>{t(current === 'search' ? 'search:title' : 'search:sql.title')}</h1>
      {can('sql') && can('names') && (
        <Link to={current === 'search' ? '/search/sql' : '/search'}>
          {t(current === 'search' ? 'search:toSql' : 'search:toSearch')}
        </Link>
      )}
    </div>
  )
}
