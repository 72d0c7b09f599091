// SPDX-License-Identifier: Apache-2.0
//
// What a backtest says: volume and precision against the record, and the alerts that would come and
// go. Verdicts of the past judge both sides.
import { SegmentedControl } from '@mantine/core'
import { useMemo, useState } from 'react'
import { Link } from 'react-router-dom'
import type { BacktestAlert, BacktestResult } from '../../api/insight'
import type { Series } from '../../charts/SeriesChart'
import { SeriesChart } from '../../charts/lazy'
import { ShareText } from '../../components/Intervals'
import { Legend } from '../../components/Legend'
import lists from '../../components/Lists.module.css'
import { RiskTag } from '../../components/Tags'
import { alertAddress, queueAddress, storeAddress } from '../../lib/address'
import { formatChange, formatCount, formatRatio, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { label } from '../../lib/vocabulary'
import page from '../Page.module.css'
import styles from './Signals.module.css'

export function BacktestView({ result }: { result: BacktestResult }) {
  return (
    <div className={styles.result} data-testid="backtest-result">
      <Figures result={result} />
      <Days result={result} />
      <Moves result={result} />
    </div>
  )
}

function Figures({ result }: { result: BacktestResult }) {
  const { recorded } = result
  const moved = recorded.alerts > 0 ? result.alerts / recorded.alerts - 1 : null
  return (
    <table className={`${lists.table} ${styles.versus}`}>
      <thead>
        <tr>
          <th scope="col">
            <span className="sr">{t('signals:result.figure')}</span>
          </th>
          <th scope="col" className={lists.figure}>
            {t('signals:result.recorded')}
          </th>
          <th scope="col" className={lists.figure}>
            {t('signals:result.draft')}
          </th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">{t('signals:result.alerts')}</th>
          <td className={lists.figure}>{formatCount(recorded.alerts)}</td>
          <td className={lists.figure}>
            <b data-testid="draft-alerts">{formatCount(result.alerts)}</b>
            {moved !== null && <small className={styles.aside}>{formatChange(moved)}</small>}
          </td>
        </tr>
        <tr>
          <th scope="row">{t('signals:result.precision')}</th>
          <td className={lists.figure}>
            <ShareText share={recorded.precision} />
          </td>
          <td className={lists.figure}>
            <ShareText share={result.precision} />
          </td>
        </tr>
        <tr>
          <th scope="row">{t('signals:result.unknown')}</th>
          <td className={lists.figure}>{formatCount(recorded.unknown)}</td>
          <td className={lists.figure}>{formatCount(result.unknown)}</td>
        </tr>
        <tr>
          <th scope="row">{t('signals:result.found')}</th>
          <td className={lists.figure}>–</td>
          <td className={lists.figure}>
            {t('interval.of', {
              k: formatCount(result.known_found),
              n: formatCount(result.known_confirmed),
            })}
          </td>
        </tr>
        {result.alerts_per_store_day !== null && (
          <tr>
            <th scope="row">{t('signals:result.perStoreDay')}</th>
            <td className={lists.figure}>–</td>
            <td className={lists.figure}>{formatRatio(result.alerts_per_store_day)}</td>
          </tr>
        )}
      </tbody>
    </table>
  )
}

function Days({ result }: { result: BacktestResult }) {
  const { days_of: days } = result
  const series = useMemo<Series[]>(
    () => [
      {
        name: t('signals:result.recorded'),
        kind: 'bar',
        tone: 'mark',
        values: days.map((day) => day.recorded),
      },
      {
        name: t('signals:result.draft'),
        kind: 'bar',
        tone: 'accent',
        values: days.map((day) => day.alerts),
      },
    ],
    [days],
  )
  const dates = useMemo(() => days.map((day) => day.date), [days])
  if (days.length === 0) return null
  return (
    <div>
      <h3 className={styles.part}>{t('signals:result.days')}</h3>
      <Legend series={series} />
      <SeriesChart
        title={t('signals:result.days')}
        dates={dates}
        series={series}
        show={formatCount}
        isWhole
        height={150}
      />
    </div>
  )
}

type Side = 'vanishing' | 'appearing'

function Moves({ result }: { result: BacktestResult }) {
  const [side, setSide] = useState<Side>('vanishing')
  const shown = result[side]
  const all = side === 'vanishing' ? result.vanishes : result.appears
  return (
    <div>
      <SegmentedControl
        size="xs"
        fullWidth
        aria-label={t('signals:result.moves')}
        value={side}
        onChange={(value) => setSide(value as Side)}
        data={[
          {
            value: 'vanishing',
            label: t('signals:result.vanishing', { n: formatCount(result.vanishes) }),
          },
          {
            value: 'appearing',
            label: t('signals:result.appearing', { n: formatCount(result.appears) }),
          },
        ]}
      />
      {shown.length === 0 ? (
        <p className={styles.quiet}>{t(`signals:result.${side}None`)}</p>
      ) : (
        <div
          className={`${page.wide} ${styles.moves}`}
          tabIndex={0}
          role="group"
          aria-label={t('signals:result.moves')}
        >
          <table className={lists.table}>
            <tbody>
              {shown.map((alert) => (
                <Move key={alert.alert_id} alert={alert} side={side} />
              ))}
            </tbody>
          </table>
          {all > shown.length && (
            <p className={styles.quiet}>
              {t('signals:result.first', { n: formatCount(shown.length) })}
            </p>
          )}
        </div>
      )}
    </div>
  )
}

// Alerts of the record have a page. One that would appear has none; the queue shows what there is of
// its entity.
function Move({ alert, side }: { alert: BacktestAlert; side: Side }) {
  const to =
    side === 'vanishing' ? alertAddress(alert.alert_id) : queueAddress({ q: alert.entity_id })
  return (
    <tr>
      <td>
        <RiskTag risk={alert.risk_score} />
      </td>
      <td>
        <Link to={to}>{label(alert.scheme)}</Link>
        <div className={styles.aside}>
          {alert.entity_id} · <Link to={storeAddress(alert.store_id)}>{alert.store_id}</Link> ·{' '}
          {formatTime(alert.created_at, 'monthDay')}
        </div>
      </td>
      <td className={lists.figure}>
        <Known known={alert.known} side={side} />
      </td>
    </tr>
  )
}

// A confirmed alert that would vanish is a loss; a refuted one is the aim.
function Known({ known, side }: { known: BacktestAlert['known']; side: Side }) {
  if (known === null) return <span className="muted">{t('signals:result.notJudged')}</span>
  const isGood = (known === 'confirmed') === (side === 'appearing')
  return (
    <span className={styles.known} data-tone={isGood ? 'good' : 'bad'}>
      {t(known === 'confirmed' ? 'verdict.CONFIRMED' : 'verdict.REFUTED')}
    </span>
  )
}
