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
import { t } from '../../lib/i18n'
import { label, verdictVerb } from '../../lib/vocabulary'
import styles from './Health.module.css'

const kinds: VerdictKind[] = ['CONFIRMED', 'REFUTED']

export function AuditPanel() {
  const { data, error } = useQuery(auditQuery)
  if (error) {
    return (
      <Panel title={t('health:audit.title')}>
        <p className={styles.quiet}>{asSentence(error.message)}</p>
      </Panel>
    )
  }
  if (!data) return null
  return (
    <Panel
      title={t('health:audit.title')}
      aside={t('health:audit.aside', {
        drawn: formatCount(data.drawn),
        decided: formatCount(data.decided),
      })}
      isFlush
    >
      {data.items.length === 0 ? (
        <p className={lists.empty}>
          {t(data.drawn === 0 ? 'health:audit.nothing' : 'health:audit.done')}
        </p>
      ) : (
        <div
          className={styles.scroll}
          tabIndex={0}
          role="group"
          aria-label={t('health:audit.title')}
        >
          <table className={lists.table} style={{ minWidth: 640 }}>
            <thead>
              <tr>
                <th scope="col">{t('entityKind.transaction')}</th>
                <th scope="col">{t('health:store')}</th>
                <th scope="col">{t('entityKind.employee')}</th>
                <th scope="col">{t('briefs.type')}</th>
                <th scope="col" className={lists.figure}>
                  {t('briefs.amount')}
                </th>
                <th scope="col" className={lists.figure}>
                  {t('briefs.risk')}
                </th>
                <th scope="col">
                  <span className="sr">{t('health:audit.verdict')}</span>
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
          aria-label={t('health:audit.judge', {
            verb: verdictVerb(kind),
            time: formatTime(time, 'dateTime'),
          })}
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
