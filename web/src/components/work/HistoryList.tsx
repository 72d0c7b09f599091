// SPDX-License-Identifier: Apache-2.0
//
// Who did what, newest first. Texts that people wrote are shown as they are, never as markup.
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
  // Histories of several alerts say which one an entry is of.
  showSubject?: boolean
}

export function HistoryList({ entries, nameOf, currency, showSubject }: Props) {
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
              {showSubject && <span className="muted"> {entry.subject}</span>}
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
