// SPDX-License-Identifier: Apache-2.0
import { ArrowDown } from 'lucide-react'
import { Link } from 'react-router-dom'
import type { Signal } from '../../api/insight'
import { IntervalBar, ShareText } from '../../components/Intervals'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { Help } from '../../components/Tags'
import { formatCount, formatRatio } from '../../lib/format'
import { t } from '../../lib/i18n'
import { serverText } from '../../lib/serverText'
import { label } from '../../lib/vocabulary'
import page from '../Page.module.css'
import styles from './Signals.module.css'
import { drafted } from './draft'
import { useDraft } from './draftStore'
import type { Sort } from './SignalsPage'

interface Props {
  signals: Signal[]
  shown: string | null
  sort: Sort
  addressOf: (name: string) => string
  onSort: (sort: Sort) => void
}

const figures: Record<Exclude<Sort, 'scheme'>, (signal: Signal) => number> = {
  hits: (signal) => signal.hits_28d,
  precision: (signal) => signal.precision.value ?? -1,
  trust: (signal) => signal.trust ?? -1,
}

function sorted(signals: Signal[], sort: Sort): Signal[] {
  if (sort === 'scheme') return signals
  const figure = figures[sort]
  return [...signals].sort((a, b) => figure(b) - figure(a))
}

export function SignalList({ signals, shown, sort, addressOf, onSort }: Props) {
  const draft = useDraft()
  return (
    <Panel title={t('signals:list')} aside={formatCount(signals.length)} isFlush>
      {signals.length === 0 ? (
        <p className={lists.empty}>{t('signals:none')}</p>
      ) : (
        <div className={page.wide} tabIndex={0} role="group" aria-label={t('signals:list')}>
          <table className={`${lists.table} ${styles.list}`}>
            <thead>
              <tr>
                <th scope="col">{t('signals:column.signal')}</th>
                <th scope="col">
                  <SortButton by="scheme" sort={sort} onSort={onSort} />
                </th>
                {(['hits', 'precision', 'trust'] as const).map((by) => (
                  <th
                    key={by}
                    scope="col"
                    className={lists.figure}
                    colSpan={by === 'precision' ? 2 : 1}
                    aria-sort={sort === by ? 'descending' : undefined}
                  >
                    <SortButton by={by} sort={sort} onSort={onSort} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {sorted(signals, sort).map((signal) => (
                <Row
                  key={signal.name}
                  signal={signal}
                  isOn={drafted(signal, draft).enabled}
                  isChanged={signal.name in draft.signals}
                  isShown={signal.name === shown}
                  address={addressOf(signal.name)}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}

function SortButton({ by, sort, onSort }: { by: Sort; sort: Sort; onSort: (sort: Sort) => void }) {
  return (
    <button type="button" className={styles.sort} onClick={() => onSort(by)}>
      {sort === by && by !== 'scheme' && <ArrowDown size={12} aria-hidden="true" />}
      {t(`signals:column.${by}`)}
    </button>
  )
}

interface RowProps {
  signal: Signal
  isOn: boolean
  isChanged: boolean
  isShown: boolean
  address: string
}

function Row({ signal, isOn, isChanged, isShown, address }: RowProps) {
  return (
    <tr data-signal={signal.name} data-shown={isShown || undefined} data-off={!isOn || undefined}>
      <td>
        <Link to={address} replace aria-current={isShown || undefined} className={styles.name}>
          {serverText(signal.title)}
        </Link>
        <span className={styles.marks}>
          {!isOn && <span className={styles.mark}>{t('signals:off')}</span>}
          {isChanged && (
            <span className={styles.mark} data-tone="changed">
              {t('signals:changed')}
            </span>
          )}
        </span>
      </td>
      <td className="muted">{label(signal.scheme)}</td>
      <td className={lists.figure}>{formatCount(signal.hits_28d)}</td>
      <td className={styles.bar}>
        {signal.precision.n > 0 && <IntervalBar interval={signal.precision} tone="other" />}
      </td>
      <td className={lists.figure}>
        <ShareText share={signal.precision} />
      </td>
      <td className={lists.figure}>
        {signal.trust === null ? (
          '–'
        ) : (
          <Help text={t('signals:trustHelp')}>{`× ${formatRatio(signal.trust)}`}</Help>
        )}
      </td>
    </tr>
  )
}
