// SPDX-License-Identifier: Apache-2.0
//
// The figures over time. A click on a step leads to its alerts; the table says the same in numbers.
import { SegmentedControl, Switch } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo, useState } from 'react'
import { Link, useNavigate } from 'react-router-dom'
import {
  type Metrics,
  type MetricsQuery,
  type MetricsSeries,
  metricsSeriesQuery,
} from '../../api/insight'
import type { Series } from '../../charts/SeriesChart'
import { SeriesChart } from '../../charts/lazy'
import { Legend } from '../../components/Legend'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { queueAddress } from '../../lib/address'
import {
  formatCompact,
  formatCount,
  formatMinutes,
  formatMoneyRounded,
  formatPercent,
  formatTime,
} from '../../lib/format'
import { t } from '../../lib/i18n'
import page from '../Page.module.css'
import styles from './Dashboard.module.css'
import type { ViewProps } from './DashboardPage'
import { type View, measureChoices, unitChoices, unitOf } from './view'

const chartHeight = 260

type Measure = View['measure']

interface Drawn {
  series: Series[]
  show: (value: number) => string
  max?: number
  isWhole?: boolean
}

const amount = (money: { amount: string }) => Number(money.amount)

function drawn(measure: Measure, figures: Metrics[], currency: string): Drawn {
  const bar = (
    name: string,
    tone: Series['tone'],
    value: (figures: Metrics) => number | null,
    stack?: string,
  ): Series => ({ name, tone, kind: 'bar', stack, values: figures.map(value) })
  const line = (
    name: string,
    tone: Series['tone'],
    value: (figures: Metrics) => number | null,
    isDashed = false,
  ): Series => ({ name, tone, kind: 'line', isDashed, values: figures.map(value) })
  switch (measure) {
    case 'outcome':
      return {
        isWhole: true,
        show: formatCount,
        series: [
          bar(t('verdict.CONFIRMED'), 'bad', (f) => f.confirmed, 'all'),
          bar(t('dashboard:trend.false'), 'mark', (f) => f.refuted + f.operational, 'all'),
          bar(t('verdict.INCONCLUSIVE'), 'band', (f) => f.inconclusive, 'all'),
          bar(t('dashboard:trend.open'), 'accent', (f) => f.open, 'all'),
        ],
      }
    case 'precision':
      return {
        max: 1,
        show: (value) => formatPercent(value),
        series: [
          {
            ...line(t('dashboard:figure.precision'), 'accent', (f) => f.precision.value),
            low: figures.map((f) => f.precision.low),
            high: figures.map((f) => f.precision.high),
          },
          line(t('dashboard:figure.false_positive'), 'mark', (f) => f.false_positive.value, true),
        ],
      }
    case 'money':
      return {
        show: (value) => formatMoneyRounded({ amount: String(value), currency }),
        series: [
          bar(t('dashboard:figure.exposure'), 'mark', (f) => amount(f.exposure)),
          bar(t('dashboard:figure.recovered'), 'good', (f) => amount(f.recovered)),
          line(t('dashboard:trend.saved'), 'accent', (f) => amount(f.saved), true),
        ],
      }
    case 'time':
      return {
        show: (value) => formatMinutes(value),
        series: [
          line(t('dashboard:trend.median'), 'accent', (f) => f.minutes_p50),
          line(t('dashboard:trend.p90'), 'mark', (f) => f.minutes_p90, true),
        ],
      }
  }
}

function stepTitle(date: string, unit: MetricsSeries['unit']): string {
  if (unit === 'day') return formatTime(date, 'day')
  return t(`dashboard:trend.${unit}Of`, { date: formatTime(date, 'date') })
}

export function TrendPanel({ query, view, change }: ViewProps & { query: MetricsQuery }) {
  const unit = unitOf(view)
  const [isTable, setTable] = useState(false)
  const { data, error } = useQuery(metricsSeriesQuery(query, unit))
  return (
    <Panel
      title={t('dashboard:trend.title')}
      aside={
        <span className={styles.controls}>
          <SegmentedControl
            size="xs"
            aria-label={t('dashboard:trend.measure')}
            value={view.measure}
            onChange={(value) => change({ measure: value as Measure })}
            data={measureChoices.map((value) => ({
              value,
              label: t(`dashboard:measure.${value}`),
            }))}
          />
          <SegmentedControl
            size="xs"
            aria-label={t('dashboard:trend.unit')}
            value={unit}
            onChange={(value) => change({ unit: value as MetricsSeries['unit'] })}
            data={unitChoices.map((value) => ({ value, label: t(`dashboard:unit.${value}`) }))}
          />
          <Switch
            size="xs"
            label={t('dashboard:trend.table')}
            checked={isTable}
            onChange={(event) => setTable(event.currentTarget.checked)}
          />
        </span>
      }
      isFlush={isTable}
    >
      {error && !data ? (
        <p className={styles.problem} role="alert">
          {error.message}
        </p>
      ) : !data ? (
        <div style={{ height: chartHeight }} aria-busy="true" />
      ) : isTable ? (
        <TrendTable data={data} measure={view.measure} />
      ) : (
        <Trend data={data} measure={view.measure} />
      )}
    </Panel>
  )
}

interface TrendProps {
  data: MetricsSeries
  measure: Measure
}

function useDrawn({ data, measure }: TrendProps) {
  return useMemo(
    () =>
      drawn(
        measure,
        data.items.map((item) => item.figures),
        data.currency,
      ),
    [data, measure],
  )
}

function Trend({ data, measure }: TrendProps) {
  const navigate = useNavigate()
  const { series, show, max, isWhole } = useDrawn({ data, measure })
  const dates = useMemo(() => data.items.map((item) => item.date), [data])
  const head = useCallback((date: string) => stepTitle(date, data.unit), [data.unit])
  const more = useCallback(
    (index: number): [string, string][] => {
      const figures = data.items[index]?.figures
      return figures ? [[t('dashboard:figure.alerts'), formatCompact(figures.alerts)]] : []
    },
    [data],
  )
  return (
    <>
      <Legend series={series} />
      <SeriesChart
        title={t(`dashboard:measure.${measure}`)}
        dates={dates}
        series={series}
        show={show}
        head={head}
        more={more}
        max={max}
        isWhole={isWhole}
        height={chartHeight}
        onPick={(index) => {
          const filter = data.items[index]?.filter
          if (filter) navigate(queueAddress(filter))
        }}
      />
    </>
  )
}

function TrendTable({ data, measure }: TrendProps) {
  const { series, show } = useDrawn({ data, measure })
  return (
    <div
      className={`${page.wide} ${styles.trendTable}`}
      tabIndex={0}
      role="group"
      aria-label={t('dashboard:trend.title')}
    >
      <table className={lists.table}>
        <thead>
          <tr>
            <th scope="col">{t(`dashboard:unit.${data.unit}`)}</th>
            <th scope="col" className={lists.figure}>
              {t('dashboard:figure.alerts')}
            </th>
            {series.map((item) => (
              <th key={item.name} scope="col" className={lists.figure}>
                {item.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data.items.map((item, index) => (
            <tr key={item.date}>
              <td className="num">{stepTitle(item.date, data.unit)}</td>
              <td className={lists.figure}>
                {item.figures.alerts > 0 ? (
                  <Link to={queueAddress(item.filter)}>{formatCount(item.figures.alerts)}</Link>
                ) : (
                  '–'
                )}
              </td>
              {series.map((line) => {
                const value = line.values[index]
                return (
                  <td key={line.name} className={lists.figure}>
                    {value === null || value === undefined ? '–' : show(value)}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
