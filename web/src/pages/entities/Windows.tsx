// SPDX-License-Identifier: Apache-2.0
//
// The same counts over a day, a week, four weeks and a quarter.
import type { CountsWindow } from '../../api/insight'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { formatCount, formatMoneyRounded, formatPercent } from '../../lib/format'
import { t } from '../../lib/i18n'
import page from '../Page.module.css'
import styles from './Entities.module.css'

type Kind = 'sales' | 'refunds' | 'voids' | 'discounts' | 'no_sales' | 'overrides' | 'alerted'

const kinds: Kind[] = ['sales', 'refunds', 'voids', 'discounts', 'no_sales', 'overrides', 'alerted']

const amounts = {
  sales: 'sales_amount',
  refunds: 'refund_amount',
  voids: 'void_amount',
  discounts: 'discount_amount',
} as const

function Cell({ window, kind }: { window: CountsWindow; kind: Kind }) {
  const n = window[kind]
  if (n === 0) return <span className="muted">–</span>
  const amount = kind in amounts ? window[amounts[kind as keyof typeof amounts]] : null
  const share = kind !== 'sales' && window.transactions > 0 ? n / window.transactions : null
  return (
    <>
      {formatCount(n)}
      <small className={styles.small}>
        {[share !== null && formatPercent(share), amount && formatMoneyRounded(amount)]
          .filter(Boolean)
          .join(' · ')}
      </small>
    </>
  )
}

export function WindowsPanel({ windows }: { windows: CountsWindow[] }) {
  if (windows.length === 0) return null
  return (
    <Panel title={t('entities:windows.title')} aside={t('entities:windows.aside')} isFlush>
      <div className={page.wide} tabIndex={0} role="group" aria-label={t('entities:windows.title')}>
        <table className={lists.table}>
          <thead>
            <tr>
              <th scope="col">
                <span className="sr">{t('entities:windows.what')}</span>
              </th>
              {windows.map((window) => (
                <th key={window.days} scope="col" className={lists.figure}>
                  {t('entities:windows.days', { count: window.days })}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row" className={styles.rowHead}>
                {t('entities:count.transactions')}
              </th>
              {windows.map((window) => (
                <td key={window.days} className={lists.figure}>
                  {formatCount(window.transactions)}
                </td>
              ))}
            </tr>
            {kinds.map((kind) => (
              <tr key={kind}>
                <th scope="row" className={styles.rowHead}>
                  {t(`entities:count.${kind}`)}
                </th>
                {windows.map((window) => (
                  <td key={window.days} className={lists.figure}>
                    <Cell window={window} kind={kind} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}
