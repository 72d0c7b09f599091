// SPDX-License-Identifier: Apache-2.0
import { TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Search } from 'lucide-react'
import { useState } from 'react'
import { Link } from 'react-router-dom'
import { storesQuery } from '../api/queries'
import lists from '../components/Lists.module.css'
import { Panel } from '../components/Panel'
import { ErrorState, State } from '../components/States'
import { formatCount } from '../lib/format'
import { useTitle } from '../lib/useTitle'
import styles from './Page.module.css'
import { PageSkeleton } from './PageSkeleton'

export function StoresPage() {
  useTitle('Stores')
  const [text, setText] = useState('')
  const { data, error, refetch } = useQuery(storesQuery)
  if (error && !data)
    return (
      <ErrorState
        title="The stores could not be read"
        error={error}
        onRetry={() => void refetch()}
      />
    )
  if (!data) return <PageSkeleton />
  if (data.items.length === 0) {
    return (
      <State title="No stores yet">
        <p>Stores appear with their first transaction.</p>
      </State>
    )
  }
  const wanted = text.trim().toLowerCase()
  const stores = data.items
    .filter((store) => store.store_id.toLowerCase().includes(wanted))
    .sort((a, b) => b.alerts_open - a.alerts_open || a.store_id.localeCompare(b.store_id))
  return (
    <div className={styles.page} style={{ maxWidth: 760 }}>
      <div className={styles.head}>
        <h1>Stores</h1>
        <span className="muted num">{formatCount(data.items.length)}</span>
      </div>
      <div className={styles.tools}>
        <TextInput
          type="search"
          aria-label="Find a store"
          placeholder="Find a store"
          leftSection={<Search size={14} />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      </div>
      <Panel title="By open alerts" isFlush>
        <table className={lists.table}>
          <thead>
            <tr>
              <th scope="col">Store</th>
              <th scope="col" className={lists.figure}>
                Open alerts
              </th>
            </tr>
          </thead>
          <tbody>
            {stores.map((store) => (
              <tr key={store.store_id}>
                <td>
                  <Link to={`/stores/${encodeURIComponent(store.store_id)}`}>{store.store_id}</Link>
                </td>
                <td className={lists.figure}>
                  {store.alerts_open > 0 ? (
                    <Link to={`/?store_id=${encodeURIComponent(store.store_id)}`}>
                      {formatCount(store.alerts_open)}
                    </Link>
                  ) : (
                    '–'
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Panel>
    </div>
  )
}
