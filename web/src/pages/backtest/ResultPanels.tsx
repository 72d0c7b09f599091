// SPDX-License-Identifier: Apache-2.0
import type { Backtest, BacktestResult } from '../../api/insight'
import { Facts } from '../../components/Facts'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { formatCount, formatPercent, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { label } from '../../lib/vocabulary'
import page from '../Page.module.css'
import { BacktestView } from '../signals/BacktestView'

interface Props {
  backtest: Backtest
  result: BacktestResult
}

export function ResultPanels({ backtest, result }: Props) {
  return (
    <>
      <Facts
        className={page.facts}
        facts={[
          [t('backtest:model'), backtest.model ?? t('backtest:modelAsWas')],
          [t('backtest:from'), backtest.from && formatTime(backtest.from, 'date')],
          [t('backtest:to'), backtest.to && formatTime(backtest.to, 'date')],
          [t('backtest:transactions'), formatCount(result.transactions)],
          [t('backtest:stores'), formatCount(result.stores)],
          [
            t('backtest:finished'),
            backtest.finished_at && formatTime(backtest.finished_at, 'dateTime'),
          ],
        ]}
      />
      <div className={page.columns}>
        <Panel title={t('backtest:versus')}>
          <BacktestView result={result} />
        </Panel>
        <div className={page.column}>
          <Counts
            title={t('backtest:schemes')}
            name={t('signals:column.scheme')}
            rows={result.schemes.map((row) => ({ ...row, key: row.scheme }))}
          />
          <Counts
            title={t('backtest:signals')}
            name={t('signals:column.signal')}
            rows={result.signals.map((row) => ({ ...row, key: row.signal }))}
          />
        </div>
      </div>
    </>
  )
}

interface Row {
  key: string
  alerts: number
  confirmed: number
  refuted: number
  fired?: number
}

function Counts({ title, name, rows }: { title: string; name: string; rows: Row[] }) {
  const sorted = rows
    .filter((row) => row.alerts > 0 || row.fired)
    .sort((a, b) => b.alerts - a.alerts || a.key.localeCompare(b.key))
  const hasFired = rows.some((row) => row.fired !== undefined)
  return (
    <Panel title={title} isFlush>
      <div className={page.wide} tabIndex={0} role="group" aria-label={title}>
        <table className={lists.table}>
          <thead>
            <tr>
              <th scope="col">{name}</th>
              {hasFired && (
                <th scope="col" className={lists.figure}>
                  {t('backtest:fired')}
                </th>
              )}
              <th scope="col" className={lists.figure}>
                {t('signals:result.alerts')}
              </th>
              <th scope="col" className={lists.figure}>
                {t('verdict.CONFIRMED')}
              </th>
              <th scope="col" className={lists.figure}>
                {t('verdict.REFUTED')}
              </th>
              <th scope="col" className={lists.figure}>
                {t('signals:column.precision')}
              </th>
            </tr>
          </thead>
          <tbody>
            {sorted.map((row) => (
              <tr key={row.key}>
                <td>{label(row.key)}</td>
                {hasFired && <td className={lists.figure}>{formatCount(row.fired ?? 0)}</td>}
                <td className={lists.figure}>{formatCount(row.alerts)}</td>
                <td className={lists.figure}>{formatCount(row.confirmed)}</td>
                <td className={lists.figure}>{formatCount(row.refuted)}</td>
                <td className={lists.figure}>
                  {row.confirmed + row.refuted > 0
                    ? formatPercent(row.confirmed / (row.confirmed + row.refuted))
                    : '–'}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}
