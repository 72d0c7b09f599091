// SPDX-License-Identifier: Apache-2.0
//
// Who did what, newest first. Texts that people wrote are shown as they are, never as markup.
import { Link } from 'react-router-dom'
import type { TimelineEntry } from '../../api/client'
import { formatAge, formatMoment } from '../../lib/format'
import { t } from '../../lib/i18n'
import { entryText } from '../../lib/timeline'
import { useNow } from '../../lib/useNow'
import { Avatar } from '../Person'
import styles from './HistoryList.module.css'

interface Props {
  entries: TimelineEntry[]
  nameOf: (user: string) => string
  currency: string
  // What the history is of; an entry of something else (an alert of the case) names it.
  subject?: string
}

export function HistoryList({ entries, nameOf, currency, subject }: Props) {
  const now = useNow()
  return (
    <ol className={styles.list}>
      {entries.map((entry) => {
        const { what, quote } = entryText(entry, nameOf, currency)
        return (
          <li key={entry.seq} className={styles.entry} data-kind={entry.kind}>
            <Avatar user={entry.actor || null} />
            <div className={styles.text}>
              <b>{entry.actor ? nameOf(entry.actor) : t('people.system')}</b>{' '}
              {quote === null ? `${what}.` : `${what}:`}
              {subject !== undefined && entry.subject !== subject && (
                <Link
                  className={styles.subject}
                  to={`/alerts/${encodeURIComponent(entry.subject)}`}
                >
                  {entry.subject}
                </Link>
              )}
              {quote !== null && <p className={styles.quote}>{quote}</p>}
            </div>
            <time className={styles.time} dateTime={entry.at} title={formatMoment(entry.at)}>
              {formatAge(entry.at, now)}
            </time>
          </li>
        )
      })}
    </ol>
  )
}
