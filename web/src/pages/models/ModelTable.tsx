// SPDX-License-Identifier: Apache-2.0
import { Button } from '@mantine/core'
import { Link, useSearchParams } from 'react-router-dom'
import type { Model } from '../../api/client'
import { IntervalText } from '../../components/Intervals'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { formatCount, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { labelText, modelKindLabel, modelStateLabel } from '../../lib/learning'
import page from '../Page.module.css'
import type { Wanted } from './ModelsPage'
import styles from './Models.module.css'

interface Props {
  models: Model[]
  mayChange: boolean
  onWanted: (wanted: Wanted) => void
}

export function ModelTable({ models, mayChange, onWanted }: Props) {
  const [params] = useSearchParams()
  const shown = params.get('model')
  return (
    <Panel
      title={t('models:versions')}
      aside={t('models:newestFirst', { n: formatCount(models.length) })}
      isFlush
    >
      <div
        className={`${page.wide} ${styles.versions}`}
        tabIndex={0}
        role="group"
        aria-label={t('models:versions')}
      >
        <table className={lists.table} style={{ minWidth: 740 }}>
          <thead>
            <tr>
              <th scope="col">{t('models:column.model')}</th>
              <th scope="col">{t('models:column.state')}</th>
              <th scope="col">{t('models:learnedFrom')}</th>
              <th scope="col" className={lists.figure}>
                {t('models:averagePrecision')}
              </th>
              <th scope="col" className={lists.figure}>
                {t('models:precision')}
              </th>
              <th scope="col">{t('models:column.gate')}</th>
              <th scope="col">
                <span className="sr">{t('models:column.actions')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {models.map((model) => (
              <Row
                key={model.id}
                model={model}
                isShown={model.id === shown}
                onPromote={
                  mayChange && model.state !== 'champion'
                    ? () => onWanted({ action: 'promote', model })
                    : undefined
                }
              />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}

interface RowProps {
  model: Model
  isShown: boolean
  onPromote: (() => void) | undefined
}

function Row({ model, isShown, onPromote }: RowProps) {
  const { metrics } = model
  return (
    <tr data-model={model.id} data-shown={isShown || undefined}>
      <td>
        <Link
          to={`/models?model=${encodeURIComponent(model.id)}`}
          replace
          aria-current={isShown || undefined}
          className={styles.id}
        >
          {model.id}
        </Link>
        <div className="muted">{modelKindLabel(model.kind)}</div>
      </td>
      <td>
        <span className={styles.state} data-state={model.state}>
          {modelStateLabel(model.state)}
        </span>
        <div className="muted num">{formatTime(model.changed_at, 'dateTime')}</div>
      </td>
      <td className="num">
        <RowsText model={model} />
      </td>
      <td className={lists.figure}>{metrics ? <IntervalText interval={metrics.ap} /> : '–'}</td>
      <td className={lists.figure}>
        {metrics ? <IntervalText interval={metrics.precision} style="percent" /> : '–'}
      </td>
      <td>
        {model.decision
          ? t(model.decision.promote ? 'models:gate.promotes' : 'models:gate.doesNot')
          : '–'}
      </td>
      <td className={lists.figure}>
        {onPromote && (
          <Button
            size="compact-sm"
            fz="xs"
            variant="default"
            aria-label={t('models:promoteId', { id: model.id })}
            onClick={onPromote}
          >
            {t('models:promote')}
          </Button>
        )}
      </td>
    </tr>
  )
}

function RowsText({ model }: { model: Model }) {
  const { rows, transactions } = model
  return (
    <>
      {rows?.from && rows.to && (
        <>
          {t('interval.to', {
            low: formatTime(rows.from, 'monthDay'),
            high: formatTime(rows.to, 'monthDay'),
          })}
          <br />
        </>
      )}
      <span className="muted">
        {labelText(rows) ?? t('models:transactionsN', { n: formatCount(transactions) })}
      </span>
    </>
  )
}
