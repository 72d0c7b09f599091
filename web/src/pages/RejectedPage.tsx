// SPDX-License-Identifier: Apache-2.0
//
// Records that were not accepted: where they came from, what is wrong, and what they said.
import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { deadLettersQuery } from '../api/queries'
import lists from '../components/Lists.module.css'
import { Panel } from '../components/Panel'
import { ErrorState, State } from '../components/States'
import { formatCount, formatTime } from '../lib/format'
import { useTitle } from '../lib/useTitle'
import styles from './Page.module.css'
import { PageSkeleton } from './PageSkeleton'

export function RejectedPage() {
  useTitle('Rejected records')
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useInfiniteQuery(deadLettersQuery)
  if (error && !data) {
    return (
      <ErrorState
        title="The rejected records could not be read"
        error={error}
        onRetry={() => void refetch()}
      />
    )
  }
  if (!data) return <PageSkeleton />
  const items = data.pages.flatMap((page) => page.items)
  if (items.length === 0) {
    return (
      <State title="No rejected records">
        <p>Records that cannot be read are kept here with the reason, and never stop the rest.</p>
      </State>
    )
  }
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>Rejected records</h1>
      </div>
      <Panel title="Newest first" aside="Card numbers are masked" isFlush>
        <div className={styles.wide} tabIndex={0} role="group" aria-label="Rejected records">
          <table className={lists.table} style={{ minWidth: 820 }}>
            <thead>
              <tr>
                <th scope="col">Received</th>
                <th scope="col">Source</th>
                <th scope="col" className={lists.figure}>
                  Line
                </th>
                <th scope="col">What is wrong</th>
                <th scope="col">Record</th>
              </tr>
            </thead>
            <tbody>
              {items.map((item) => (
                <tr key={item.id}>
                  <td className="num" style={{ whiteSpace: 'nowrap' }}>
                    {formatTime(item.received_at, 'dateTime')}
                  </td>
                  <td>{item.source}</td>
                  <td className={lists.figure}>
                    {item.line === null ? '–' : formatCount(item.line)}
                  </td>
                  <td>
                    {item.sentence}
                    {item.field && <div className={`${styles.mono} muted`}>{item.field}</div>}
                  </td>
                  <td className={`${styles.mono} muted`}>{item.excerpt}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Panel>
      {hasNextPage && (
        <div>
          <Button
            variant="default"
            loading={isFetchingNextPage}
            onClick={() => void fetchNextPage()}
          >
            Show more
          </Button>
        </div>
      )}
    </div>
  )
}
