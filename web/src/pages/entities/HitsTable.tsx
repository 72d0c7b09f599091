// SPDX-License-Identifier: Apache-2.0
import { Link } from 'react-router-dom'
import type { SearchHit } from '../../api/insight'
import lists from '../../components/Lists.module.css'
import { RiskTag } from '../../components/Tags'
import { employeeAddress, storeAddress, transactionAddress } from '../../lib/address'
import { formatMoney, formatTime } from '../../lib/format'
import { serverSentence } from '../../lib/serverSentence'
import { t } from '../../lib/i18n'
import { label } from '../../lib/vocabulary'

interface Props {
  hits: SearchHit[]
  name: string
  empty: string
  // Pages of a store need not say which.
  hasStore?: boolean
}

export function HitsTable({ hits, name, empty, hasStore = true }: Props) {
  if (hits.length === 0) return <p className={lists.empty}>{empty}</p>
  return (
    <div className={lists.scroll} tabIndex={0} role="group" aria-label={name}>
      <table className={lists.table}>
        <thead>
          <tr>
            <th scope="col">{t('briefs.time')}</th>
            {hasStore && <th scope="col">{t('entities:store')}</th>}
            <th scope="col">{t('entities:employee')}</th>
            <th scope="col">{t('briefs.type')}</th>
            <th scope="col" className={lists.figure}>
              {t('briefs.amount')}
            </th>
            <th scope="col" className={lists.figure}>
              {t('briefs.risk')}
            </th>
          </tr>
        </thead>
        <tbody>
          {hits.map((hit) => (
            <tr
              key={hit.transaction_id}
              data-alerted={hit.alert_id !== null || undefined}
              title={hit.reasons.map(serverSentence).join('\n') || undefined}
            >
              <td>
                <Link className="num" to={transactionAddress(hit.transaction_id)}>
                  {formatTime(hit.time, 'dateTime')}
                </Link>
              </td>
              {hasStore && (
                <td>
                  <Link to={storeAddress(hit.store_id)}>{hit.store_id}</Link>
                </td>
              )}
              <td>
                <Link to={employeeAddress(hit.employee_id)}>{hit.employee_id}</Link>
              </td>
              <td>{label(hit.type)}</td>
              <td className={lists.figure}>{formatMoney(hit.total)}</td>
              <td className={lists.figure}>
                <RiskTag risk={hit.risk_score} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
