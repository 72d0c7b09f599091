// SPDX-License-Identifier: Apache-2.0
import { ActionIcon, Button, TextInput } from '@mantine/core'
import { X } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { Link } from 'react-router-dom'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { formatCount, formatMoney, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { label } from '../../lib/vocabulary'
import styles from './Case.module.css'
import type { PanelProps } from './useFile'

export function TransactionsPanel({ file, work }: PanelProps) {
  const { transactions } = file
  const isCut = file.transaction_n > transactions.length && transactions.length > 0
  return (
    <Panel
      title={t('cases:transactions.title')}
      aside={
        isCut
          ? t('cases:transactions.cut', {
              n: formatCount(transactions.length),
              all: formatCount(file.transaction_n),
            })
          : undefined
      }
      isFlush
    >
      {transactions.length === 0 && <p className={styles.none}>{t('cases:transactions.none')}</p>}
      {transactions.length > 0 && <TransactionTable file={file} work={work} />}
      {work.canEdit && <AddTransaction file={file} work={work} />}
    </Panel>
  )
}

function TransactionTable({ file, work }: PanelProps) {
  return (
    <div
      className={lists.scroll}
      tabIndex={0}
      role="group"
      aria-label={t('cases:transactions.title')}
    >
      <table className={lists.table}>
        <thead>
          <tr>
            <th scope="col">{t('cases:transactions.time')}</th>
            <th scope="col">{t('cases:transactions.where')}</th>
            <th scope="col">{t('cases:transactions.employee')}</th>
            <th scope="col">{t('cases:transactions.type')}</th>
            <th scope="col" className={lists.figure}>
              {t('cases:transactions.amount')}
            </th>
            {work.canEdit && <td />}
          </tr>
        </thead>
        <tbody>
          {file.transactions.map((item) => (
            <tr key={item.transaction_id}>
              <td>
                <Link
                  className="num"
                  to={`/transactions/${encodeURIComponent(item.transaction_id)}`}
                >
                  {formatTime(item.time, 'dateTime')}
                </Link>
              </td>
              <td>
                {item.store_id} / {item.register_id}
              </td>
              <td>{item.employee_id}</td>
              <td>{label(item.type)}</td>
              <td className={lists.figure}>{formatMoney(item.total)}</td>
              {work.canEdit && (
                <td>
                  <ActionIcon
                    size="sm"
                    aria-label={t('cases:transactions.remove', { id: item.transaction_id })}
                    onClick={() =>
                      void work.run({ action: 'remove', transactions: [item.transaction_id] })
                    }
                  >
                    <X size={13} />
                  </ActionIcon>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function AddTransaction({ work }: PanelProps) {
  const [id, setId] = useState('')
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    void work
      .run({ action: 'add', transactions: [id.trim()] })
      .then((isDone) => isDone && setId(''))
  }
  return (
    <form className={styles.addRow} onSubmit={onSubmit}>
      <TextInput
        className={styles.grow}
        aria-label={t('cases:transactions.add')}
        placeholder={t('cases:transactions.add')}
        maxLength={64}
        value={id}
        onChange={(event) => setId(event.currentTarget.value)}
      />
      <Button type="submit" variant="default" disabled={!id.trim()} loading={work.isPending}>
        {t('cases:subjects.add')}
      </Button>
    </form>
  )
}
