// SPDX-License-Identifier: Apache-2.0
//
// Why the models scored the alert's strongest transaction so: what each figure adds to or takes off
// the score, beside what is usual for the employee, the store and peers.
import { Button, SegmentedControl } from '@mantine/core'
import { type CSSProperties, useState } from 'react'
import { Trans } from 'react-i18next'
import { Link } from 'react-router-dom'
import type { Attributions, ModelAttributions } from '../../api/client'
import { Panel } from '../../components/Panel'
import { asSentence, formatCount, formatPercent, formatSigned, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { serverText } from '../../lib/serverText'
import styles from './Attributions.module.css'
import { attributionText } from './attribution'

interface Props {
  attributions: Attributions
  // Of the transaction that they speak of.
  time: string | undefined
  currency: string
}

const shownFirst = 5

type Which = 'classifier' | 'outlier'

const intros = {
  classifier: 'alert:attributions.introClassifier',
  outlier: 'alert:attributions.introOutlier',
} as const

export function AttributionsPanel({ attributions, time, currency }: Props) {
  const { classifier, outlier, probability, transaction_id } = attributions
  const [which, setWhich] = useState<Which>(classifier ? 'classifier' : 'outlier')
  const model = which === 'classifier' ? classifier : outlier
  if (!model) return null
  return (
    <Panel
      title={t('alert:attributions.title')}
      aside={
        classifier &&
        outlier && (
          <SegmentedControl
            size="xs"
            value={which}
            onChange={(value) => setWhich(value as Which)}
            data={[
              { value: 'classifier', label: t('alert:attributions.classifier') },
              { value: 'outlier', label: t('alert:attributions.outlier') },
            ]}
            aria-label={t('alert:attributions.model')}
          />
        )
      }
    >
      <p className={styles.intro}>
        <Trans
          t={t}
          i18nKey={intros[which]}
          values={{ time: time ? formatTime(time, 'dateTime') : transaction_id }}
          components={{ a: <Link to={`/transactions/${encodeURIComponent(transaction_id)}`} /> }}
        />
        {which === 'classifier' && probability !== null && (
          <>
            {' '}
            {t('alert:attributions.probability')} <b>{formatPercent(probability)}</b>.
          </>
        )}
      </p>
      <Bars model={model} currency={currency} />
    </Panel>
  )
}

function Bars({ model, currency }: { model: ModelAttributions; currency: string }) {
  const [isAll, setAll] = useState(false)
  const { items, others, other_n } = model
  const shown = isAll ? items : items.slice(0, shownFirst)
  const hidden = items.slice(shown.length)
  const rest = hidden.reduce((sum, item) => sum + item.contribution, others)
  const restN = other_n + hidden.length
  const most = Math.max(...items.map((item) => Math.abs(item.contribution)), Math.abs(rest), 1e-9)
  const barStyle = (contribution: number) =>
    ({ '--share': Math.abs(contribution) / most }) as CSSProperties
  return (
    <ul className={styles.items} data-testid="attributions">
      {shown.map((item) => (
        <li key={item.input}>
          <span className={styles.title}>{serverText(item.title)}</span>
          <Bar style={barStyle(item.contribution)} contribution={item.contribution} />
          <span className={styles.text}>
            <b>{attributionText(item, currency)}.</b> {asSentence(serverText(item.help))}
          </span>
        </li>
      ))}
      <li className="muted">
        <span className={styles.title}>
          {t('alert:attributions.rest', { n: formatCount(restN) })}
          {items.length > shownFirst && (
            <Button
              variant="subtle"
              size="compact-xs"
              fz="xs"
              aria-expanded={isAll}
              onClick={() => setAll(!isAll)}
            >
              {isAll ? t('alert:attributions.fewer') : t('alert:attributions.more')}
            </Button>
          )}
        </span>
        <Bar style={barStyle(rest)} contribution={rest} />
      </li>
      <li className={`${styles.total} muted`}>
        <span className={styles.title}>
          {t('alert:attributions.total', {
            base: formatSigned(model.base),
            score: formatSigned(model.score),
          })}
        </span>
      </li>
    </ul>
  )
}

function Bar({ style, contribution }: { style: CSSProperties; contribution: number }) {
  return (
    <span className={styles.bar} data-sign={contribution >= 0 ? 'up' : 'down'} style={style}>
      <i aria-hidden="true" />
      <span className="num">
        <span className="sr">
          {contribution >= 0 ? t('alert:attributions.raises') : t('alert:attributions.lowers')}{' '}
        </span>
        {formatSigned(contribution)}
      </span>
    </span>
  )
}
