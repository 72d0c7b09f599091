// SPDX-License-Identifier: Apache-2.0
//
// An item: how often it comes back or is taken off a receipt, by whom, and what the stock says.
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from 'react-router-dom'
import { type Item, type ItemBy, itemQuery } from '../../api/insight'
import { Facts } from '../../components/Facts'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { QueryError } from '../../components/States'
import { employeeAddress, storeAddress } from '../../lib/address'
import {
  formatCount,
  formatMoneyRounded,
  formatPercent,
  formatShort,
  formatTime,
} from '../../lib/format'
import { t } from '../../lib/i18n'
import { useTitle } from '../../lib/useTitle'
import { label } from '../../lib/vocabulary'
import page from '../Page.module.css'
import { PageSkeleton } from '../PageSkeleton'
import styles from './Entities.module.css'
import { EntityHead } from './EntityHead'
import { HitsTable } from './HitsTable'
import { AlertsPanel } from './Outcomes'

export function ItemPage() {
  const { sku = '' } = useParams()
  useTitle(t('entities:itemTitle', { id: sku }))
  const { data, error, refetch } = useQuery(itemQuery(sku))
  if (error && !data)
    return <QueryError what="item" id={sku} error={error} onRetry={() => void refetch()} />
  return data ? <ItemView item={data} /> : <PageSkeleton />
}

function ItemView({ item }: { item: Item }) {
  const title = t('entities:itemTitle', { id: item.sku })
  return (
    <div className={page.page}>
      <EntityHead
        crumbs={[]}
        title={title}
        search={{ sku: item.sku }}
        caseContents={{ title, subjects: [{ kind: 'ITEM', id: item.sku }] }}
      />
      <Facts
        className={page.facts}
        facts={[
          [t('entities:department'), item.department],
          [t('entities:stores_other'), formatCount(item.stores.length)],
        ]}
      />
      <div className={page.columns}>
        <div className={page.column}>
          <ItemWindows windows={item.windows} />
          <ByTable
            title={t('entities:item.employees')}
            aside={t('entities:days28')}
            name={t('entities:employee')}
            rows={item.employees}
            addressOf={employeeAddress}
          />
          <ByTable
            title={t('entities:stores_other')}
            aside={t('entities:days92')}
            name={t('entities:store')}
            rows={item.stores}
            addressOf={storeAddress}
          />
        </div>
        <div className={page.column}>
          <Panel title={t('entities:item.recent')} aside={t('entities:days28')} isFlush>
            <HitsTable
              hits={item.recent}
              name={t('entities:item.recent')}
              empty={t('entities:noTransactions')}
            />
          </Panel>
          <Stock item={item} />
          {item.alerts.length > 0 && <AlertsPanel alerts={item.alerts} />}
        </div>
      </div>
    </div>
  )
}

const kinds = ['returns', 'voids', 'overrides', 'discounts', 'keyed'] as const

function ItemWindows({ windows }: Pick<Item, 'windows'>) {
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
                {t('entities:item.lines')}
              </th>
              {windows.map((window) => (
                <td key={window.days} className={lists.figure}>
                  {formatCount(window.lines)}
                  <small className={styles.small}>{formatMoneyRounded(window.amount)}</small>
                </td>
              ))}
            </tr>
            {kinds.map((kind) => (
              <tr key={kind}>
                <th scope="row" className={styles.rowHead}>
                  {t(`entities:item.${kind}`)}
                </th>
                {windows.map((window) => (
                  <td key={window.days} className={lists.figure}>
                    {window[kind] === 0 ? (
                      <span className="muted">–</span>
                    ) : (
                      formatCount(window[kind])
                    )}
                    {window[kind] > 0 && window.lines > 0 && (
                      <small className={styles.small}>
                        {formatPercent(window[kind] / window.lines)}
                      </small>
                    )}
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

interface ByProps {
  title: string
  aside: string
  name: string
  rows: ItemBy[]
  addressOf: (id: string) => string
}

function ByTable({ title, aside, name, rows, addressOf }: ByProps) {
  return (
    <Panel title={title} aside={aside} isFlush>
      {rows.length === 0 ? (
        <p className={lists.empty}>{t('entities:item.nobody')}</p>
      ) : (
        <div className={lists.scroll} tabIndex={0} role="group" aria-label={title}>
          <table className={lists.table}>
            <thead>
              <tr>
                <th scope="col">{name}</th>
                <th scope="col" className={lists.figure}>
                  {t('entities:item.lines')}
                </th>
                {(['returns', 'voids', 'overrides'] as const).map((kind) => (
                  <th key={kind} scope="col" className={lists.figure}>
                    {t(`entities:item.${kind}`)}
                  </th>
                ))}
                <th scope="col" className={lists.figure}>
                  {t('entities:count.refundAmount')}
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.id}>
                  <td>
                    <Link to={addressOf(row.id)}>{row.id}</Link>
                  </td>
                  <td className={lists.figure}>{formatCount(row.lines)}</td>
                  <td className={lists.figure}>{row.returns || '–'}</td>
                  <td className={lists.figure}>{row.voids || '–'}</td>
                  <td className={lists.figure}>{row.overrides || '–'}</td>
                  <td className={lists.figure}>
                    {row.returns > 0 ? formatMoneyRounded(row.return_amount) : '–'}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}

// What adjustments and damages take away is a hint of shrink.
const losing = ['adjustment', 'damage']

function Stock({ item }: { item: Item }) {
  return (
    <Panel title={t('entities:stock.title')} aside={t('entities:days92')} isFlush>
      {item.stock.length === 0 ? (
        <p className={lists.empty}>{t('entities:stock.none')}</p>
      ) : (
        <div
          className={lists.scroll}
          tabIndex={0}
          role="group"
          aria-label={t('entities:stock.title')}
        >
          <table className={lists.table}>
            <thead>
              <tr>
                <th scope="col">{t('entities:stock.kind')}</th>
                <th scope="col" className={lists.figure}>
                  {t('entities:stock.movements')}
                </th>
                <th scope="col" className={lists.figure}>
                  {t('entities:stock.quantity')}
                </th>
              </tr>
            </thead>
            <tbody>
              {item.stock.map((row) => (
                <tr
                  key={row.type}
                  data-alerted={(losing.includes(row.type) && row.quantity < 0) || undefined}
                >
                  <td>{label(row.type)}</td>
                  <td className={lists.figure}>{formatCount(row.movements)}</td>
                  <td className={lists.figure}>{formatShort(row.quantity)}</td>
                </tr>
              ))}
            </tbody>
            <tbody>
              {item.movements.map((movement) => (
                <tr key={movement.movement_id}>
                  <td>
                    {formatTime(movement.time, 'dateTime')} · {label(movement.type)}
                    <div className="muted">
                      {[movement.store_id, movement.employee_id, movement.reason]
                        .filter(Boolean)
                        .join(' · ')}
                    </div>
                  </td>
                  <td />
                  <td className={lists.figure}>{formatShort(movement.quantity)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}
