// SPDX-License-Identifier: Apache-2.0
//
// Transactions that chance drew, to be judged like an alert: the only unbiased look at what the
// alerts miss.
import { Button, Popover } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router-dom'
import type { AuditItem, VerdictKind } from '../../api/client'
import { auditQuery } from '../../api/queries'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { RiskTag } from '../../components/Tags'
import { VerdictForm } from '../../components/VerdictForm'
import { asSentence, formatCount, formatMoney, formatTime } from '../../lib/format'
import { label, verdictVerb } from '../../lib/vocabulary'
import styles from './Health.module.css'

const kinds: VerdictKind[] = ['CONFIRMED', 'REFUTED']

export function AuditPanel() {
  const { data, error } = useQuery(auditQuery)
  if (error) {
    return (
      <Panel title="Audit sample">
        <p className={styles.quiet}>{asSentence(error.message)}</p>
      </Panel>
    )
  }
  if (!data) return null
  return (
    <Panel
      title="Audit sample"
      aside={`${formatCount(data.drawn)} drawn, ${formatCount(data.decided)} judged`}
      isFlush
    >
      {data.items.length === 0 ? (
        <p className={lists.empty}>
          {data.drawn === 0
            ? 'Nothing is drawn: the policy’s audit_share is 0. A small share, such as 0.0005, shows what alerts miss.'
            : 'Everything that was drawn is judged.'}
        </p>
      ) : (
        <div className={styles.scroll} tabIndex={0} role="group" aria-label="Audit sample">
          <table className={lists.table} style={{ minWidth: 640 }}>
            <thead>
              <tr>
                <th scope="col">Transaction</th>
                <th scope="col">Store</th>
                <th scope="col">Employee</th>
                <th scope="col">Type</th>
                <th scope="col" className={lists.figure}>
                  Amount
                </th>
                <th scope="col" className={lists.figure}>
                  Risk
                </th>
                <th scope="col">
                  <span className="sr">Verdict</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {data.items.map((item) => (
                <AuditRow key={item.transaction.transaction_id} item={item} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}

function AuditRow({ item }: { item: AuditItem }) {
  const { transaction } = item
  return (
    <tr>
      <td>
        <Link
          className="num"
          to={`/transactions/${encodeURIComponent(transaction.transaction_id)}`}
        >
          {formatTime(transaction.time, 'dateTime')}
        </Link>
      </td>
      <td>{item.store_id}</td>
      <td>{transaction.employee_id}</td>
      <td>{label(transaction.type)}</td>
      <td className={lists.figure}>{formatMoney(transaction.total)}</td>
      <td className={lists.figure}>
        <RiskTag risk={transaction.risk_score} />
      </td>
      <td>
        <span className={styles.judge}>
          {kinds.map((kind) => (
            <Judge key={kind} item={item} kind={kind} />
          ))}
        </span>
      </td>
    </tr>
  )
}

function Judge({ item, kind }: { item: AuditItem; kind: VerdictKind }) {
  const client = useQueryClient()
  const [isOpen, setOpen] = useState(false)
  const { transaction_id, total, time } = item.transaction
  const done = () => {
    setOpen(false)
    void client.invalidateQueries({ queryKey: auditQuery.queryKey })
    void client.invalidateQueries({ queryKey: ['watch'] })
  }
  return (
    <Popover opened={isOpen} onChange={setOpen} position="left" trapFocus returnFocus shadow="md">
      <Popover.Target>
        <Button
          size="compact-sm"
          fz="xs"
          variant="default"
          aria-label={`${verdictVerb(kind)}, transaction of ${formatTime(time, 'dateTime')}`}
          onClick={() => setOpen(!isOpen)}
        >
          {verdictVerb(kind)}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <VerdictForm
          alert={{ transaction_id, verdict: null, exposure: total }}
          kind={kind}
          onDone={done}
        />
      </Popover.Dropdown>
    </Popover>
  )
}
