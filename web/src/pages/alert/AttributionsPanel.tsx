// SPDX-License-Identifier: Apache-2.0
//
// Why the models scored the alert's strongest transaction so: what each figure adds to or takes off
// the score, beside what is usual for the employee, the store and peers.
import { Button, SegmentedControl } from '@mantine/core'
import { type CSSProperties, useState } from 'react'
import { Link } from 'react-router-dom'
import type { Attributions, ModelAttributions } from '../../api/client'
import { Panel } from '../../components/Panel'
import { asSentence, formatCount, formatPercent, formatSigned, formatTime } from '../../lib/format'
import { attributionText } from '../../lib/learning'
import styles from './Attributions.module.css'

interface Props {
  attributions: Attributions
  // Of the transaction that they speak of.
  time: string | undefined
  currency: string
}

const shownFirst = 5

type Which = 'classifier' | 'outlier'

const intro: Record<Which, string> = {
  classifier: 'What the classifier, learned from verdicts, made of each figure',
  outlier: 'What makes this transaction unusual, verdicts aside',
}

export function AttributionsPanel({ attributions, time, currency }: Props) {
  const { classifier, outlier, probability, transaction_id } = attributions
  const [which, setWhich] = useState<Which>(classifier ? 'classifier' : 'outlier')
  const model = which === 'classifier' ? classifier : outlier
  if (!model) return null
  return (
    <Panel
      title="Why the models scored it so"
      aside={
        classifier &&
        outlier && (
          <SegmentedControl
            size="xs"
            value={which}
            onChange={(value) => setWhich(value as Which)}
            data={[
              { value: 'classifier', label: 'Classifier' },
              { value: 'outlier', label: 'Outlier model' },
            ]}
            aria-label="Model"
          />
        )
      }
    >
      <p className={styles.intro}>
        {intro[which]}, on the{' '}
        <Link to={`/transactions/${encodeURIComponent(transaction_id)}`}>
          receipt{time ? ` of ${formatTime(time, 'dateTime')}` : ''}
        </Link>
        {which === 'classifier' && probability !== null && (
          <>
            . Probability of fraud: <b>{formatPercent(probability)}</b>
          </>
        )}
        .
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
          <span className={styles.title}>{item.title}</span>
          <Bar style={barStyle(item.contribution)} contribution={item.contribution} />
          <span className={styles.text}>
            <b>{attributionText(item, currency)}.</b> {asSentence(item.help)}
          </span>
        </li>
      ))}
      <li className="muted">
        <span className={styles.title}>
          All {formatCount(restN)} others
          {items.length > shownFirst && (
            <Button
              variant="subtle"
              size="compact-xs"
              fz="xs"
              aria-expanded={isAll}
              onClick={() => setAll(!isAll)}
            >
              {isAll ? 'Fewer' : 'More'}
            </Button>
          )}
        </span>
        <Bar style={barStyle(rest)} contribution={rest} />
      </li>
      <li className={`${styles.total} muted`}>
        <span className={styles.title}>
          The score starts at {formatSigned(model.base)}; all of this makes it{' '}
          {formatSigned(model.score)}
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
        <span className="sr">{contribution >= 0 ? 'raises the score by ' : 'lowers it by '}</span>
        {formatSigned(contribution)}
      </span>
    </span>
  )
}
