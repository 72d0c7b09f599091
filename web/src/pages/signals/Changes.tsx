// SPDX-License-Identifier: Apache-2.0
//
// Differences between two versions, one a line: "Refunds without a receipt · least 5 → 7".
import { useQuery } from '@tanstack/react-query'
import type { ConfigChange } from '../../api/insight'
import { signalsQuery } from '../../api/queries'
import { t } from '../../lib/i18n'
import { serverText } from '../../lib/serverText'
import { label } from '../../lib/vocabulary'
import styles from './Signals.module.css'

function valueText(value: ConfigChange['from']): string {
  if (value === null) return '–'
  if (typeof value === 'boolean') return t(value ? 'signals:on' : 'signals:off')
  return String(value)
}

function memberText(change: ConfigChange): string {
  if (change.member === 'enabled') return t('signals:member.enabled')
  if (change.member === 'weight') return t('signals:member.weight')
  if (change.member === 'signal') return t('signals:member.signal')
  if (change.member === 'definition') return t('signals:member.definition')
  return label(change.member.replace(/^parameters\./, ''))
}

export function Changes({ changes }: { changes: ConfigChange[] }) {
  const { data } = useQuery(signalsQuery)
  const title = (name: string) =>
    serverText(data?.items.find((signal) => signal.name === name)?.title ?? label(name))
  return (
    <ul className={styles.changes}>
      {changes.map((change) => (
        <li key={`${change.signal} ${change.member}`}>
          {change.signal && <b>{title(change.signal)}</b>}
          <span>{memberText(change)}</span>
          {change.member !== 'definition' && (
            <span className="num">
              <del>{valueText(change.from)}</del> → <ins>{valueText(change.to)}</ins>
            </span>
          )}
        </li>
      ))}
    </ul>
  )
}
