// SPDX-License-Identifier: Apache-2.0
//
// All stores that the reader may see, with the figures of the last four weeks.
import { TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Search } from 'lucide-react'
import { Link, useSearchParams } from 'react-router-dom'
import { type MetricsRow, metricsTableQuery } from '../../api/insight'
import { storesQuery } from '../../api/queries'
import { ShareText } from '../../components/Intervals'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { ErrorState, State } from '../../components/States'
import { queueAddress, storeAddress } from '../../lib/address'
import { formatCount, formatMoneyRounded } from '../../lib/format'
import { t } from '../../lib/i18n'
import { useTitle } from '../../lib/useTitle'
import page from '../Page.module.css'
import { PageSkeleton } from '../PageSkeleton'

const figuresMax = 200

export function StoresPage() {
  useTitle(t('pages.stores'))
  const [params, setParams] = useSearchParams()
  const text = params.get('q') ?? ''
  const { data, error, refetch } = useQuery(storesQuery)
  const figures = useQuery(metricsTableQuery({}, 'store', 'alerts', figuresMax))
  if (error && !data)
    return (
      <ErrorState title={t('entities:storesFailed')} error={error} onRetry={() => void refetch()} />
    )
  if (!data) return <PageSkeleton />
  if (data.items.length === 0) {
    return (
      <State title={t('entities:noStores')}>
        <p>{t('entities:noStoresHelp')}</p>
      </State>
    )
  }
  const wanted = text.trim().toLowerCase()
  const byStore = new Map(figures.data?.items.map((row) => [row.key, row]))
  const stores = data.items
    .filter((store) => store.store_id.toLowerCase().includes(wanted))
    .sort((a, b) => b.alerts_open - a.alerts_open || a.store_id.localeCompare(b.store_id))
  return (
    <div className={page.page} style={{ maxWidth: 960 }}>
      <div className={page.head}>
        <h1>{t('pages.stores')}</h1>
        <span className="muted num">{formatCount(data.items.length)}</span>
      </div>
      <div className={page.tools}>
        <TextInput
          type="search"
          aria-label={t('entities:findStore')}
          placeholder={t('entities:findStore')}
          leftSection={<Search size={14} />}
          value={text}
          onChange={(event) => {
            const q = event.currentTarget.value
            setParams(q ? { q } : {}, { replace: true })
          }}
        />
      </div>
      <Panel title={t('entities:byOpen')} aside={t('entities:figures28')} isFlush>
        <div className={page.wide} tabIndex={0} role="group" aria-label={t('pages.stores')}>
          <table className={lists.table}>
            <thead>
              <tr>
                <th scope="col">{t('entities:store')}</th>
                <th scope="col" className={lists.figure}>
                  {t('entities:openAlerts')}
                </th>
                <th scope="col" className={lists.figure}>
                  {t('entities:alerts')}
                </th>
                <th scope="col" className={lists.figure}>
                  {t('entities:precision')}
                </th>
                <th scope="col" className={lists.figure}>
                  {t('entities:exposure')}
                </th>
              </tr>
            </thead>
            <tbody>
              {stores.map((store) => (
                <tr key={store.store_id}>
                  <td>
                    <Link to={storeAddress(store.store_id)}>{store.store_id}</Link>
                  </td>
                  <td className={lists.figure}>
                    {store.alerts_open > 0 ? (
                      <Link to={queueAddress({ store_id: store.store_id, status: 'OPEN' })}>
                        {formatCount(store.alerts_open)}
                      </Link>
                    ) : (
                      '–'
                    )}
                  </td>
                  <Figures row={byStore.get(store.store_id)} />
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Panel>
    </div>
  )
}

function Figures({ row }: { row: MetricsRow | undefined }) {
  return (
    <>
      <td className={lists.figure}>
        {row?.filter ? (
          <Link to={queueAddress(row.filter)}>{formatCount(row.figures.alerts)}</Link>
        ) : (
          '–'
        )}
      </td>
      <td className={lists.figure}>{row ? <ShareText share={row.figures.precision} /> : '–'}</td>
      <td className={lists.figure}>{row ? formatMoneyRounded(row.figures.exposure) : '–'}</td>
    </>
  )
}
