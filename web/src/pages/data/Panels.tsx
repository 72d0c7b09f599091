// SPDX-License-Identifier: Apache-2.0
import { Link } from 'react-router-dom'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { StateTag } from '../../components/Tags'
import { formatAge, formatBytes, formatCount, formatMinutes, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { useNow } from '../../lib/useNow'
import type { DataStatus } from './queries'

const MINUTE_S = 60

export function StoresPanel({ data }: { data: DataStatus }) {
  const silent = data.stores.filter((store) => store.is_silent).length
  return (
    <Panel
      title={t('data:stores.title')}
      aside={silent > 0 ? t('data:stores.silentN', { n: formatCount(silent) }) : undefined}
      isFlush
    >
      {data.stores.length === 0 ? (
        <p className={lists.empty}>{t('data:stores.none')}</p>
      ) : (
        <div className={lists.scroll} tabIndex={0} role="group" aria-label={t('data:stores.title')}>
          <table className={lists.table}>
            <thead>
              <tr>
                <th scope="col">{t('data:stores.store')}</th>
                <th scope="col">{t('data:stores.region')}</th>
                <th scope="col">{t('data:stores.last')}</th>
                <th scope="col" className={lists.figure}>
                  {t('data:stores.behind')}
                </th>
              </tr>
            </thead>
            <tbody>
              {data.stores.map((store) => (
                <tr key={store.store_id}>
                  <td>
                    <Link to={`/stores/${encodeURIComponent(store.store_id)}`}>
                      {store.store_id}
                    </Link>{' '}
                    {store.is_silent && <StateTag tone="bad">{t('data:stores.silent')}</StateTag>}
                  </td>
                  <td>{store.region ?? '–'}</td>
                  <td className="num">
                    {store.last_transaction_time
                      ? formatTime(store.last_transaction_time, 'dateTime')
                      : '–'}
                  </td>
                  <td className={lists.figure}>
                    {store.lag_s === null ? '–' : formatMinutes(store.lag_s / MINUTE_S)}
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

export function SourcesPanel({ data }: { data: DataStatus }) {
  const now = useNow()
  return (
    <Panel title={t('data:sources.title')} isFlush>
      {data.sources.length === 0 ? (
        <p className={lists.empty}>{t('data:sources.none')}</p>
      ) : (
        <div
          className={lists.scroll}
          tabIndex={0}
          role="group"
          aria-label={t('data:sources.title')}
        >
          <table className={lists.table}>
            <thead>
              <tr>
                <th scope="col">{t('data:sources.source')}</th>
                {(['accepted', 'duplicates', 'rejected', 'last'] as const).map((name) => (
                  <th scope="col" key={name} className={lists.figure}>
                    {t(`data:sources.${name}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {data.sources.map((source) => (
                <tr key={source.source}>
                  <td>{source.source}</td>
                  <td className={lists.figure}>{formatCount(source.accepted)}</td>
                  <td className={lists.figure}>{formatCount(source.duplicates)}</td>
                  <td className={lists.figure}>{formatCount(source.rejected)}</td>
                  <td className={lists.figure}>{formatAge(source.last_at, now)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}

export function StoragePanel({ data }: { data: DataStatus }) {
  const { lake } = data
  return (
    <Panel
      title={t('data:storage.title')}
      aside={
        lake
          ? t('data:storage.lakeDays', { count: lake.days, tail: formatCount(lake.tail) })
          : t('data:storage.noLake')
      }
      isFlush
    >
      <table className={lists.table}>
        <thead>
          <tr>
            <th scope="col">{t('data:storage.part')}</th>
            <th scope="col" className={lists.figure}>
              {t('data:storage.files')}
            </th>
            <th scope="col" className={lists.figure}>
              {t('data:storage.bytes')}
            </th>
          </tr>
        </thead>
        <tbody>
          {data.storage.map((part) => (
            <tr key={part.part}>
              <td>{t(`data:storage.${part.part}`)}</td>
              <td className={lists.figure}>{formatCount(part.files)}</td>
              <td className={lists.figure}>{formatBytes(part.bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}
