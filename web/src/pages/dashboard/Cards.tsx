// SPDX-License-Identifier: Apache-2.0
import { ArrowDown, ArrowUp, Minus } from 'lucide-react'
import { Link } from 'react-router-dom'
import type { MetricsSummary } from '../../api/insight'
import { Help } from '../../components/Tags'
import { queueAddress } from '../../lib/address'
import { t } from '../../lib/i18n'
import styles from './Dashboard.module.css'
import { type Figure, figureNames, figureOf } from './figures'

export function Cards({ summary }: { summary: MetricsSummary }) {
  return (
    <dl className={styles.cards} aria-label={t('dashboard:figures')}>
      {figureNames.map((name) => (
        <Card key={name} figure={figureOf(name, summary)} />
      ))}
    </dl>
  )
}

function Card({ figure }: { figure: Figure }) {
  return (
    <div className={styles.card} data-figure={figure.name}>
      <dt>
        <Help text={t(`dashboard:help.${figure.name}`)}>
          {t(`dashboard:figure.${figure.name}`)}
        </Help>
        {figure.isEstimate && <span className={styles.estimate}>{t('dashboard:estimate')}</span>}
      </dt>
      <dd>
        {figure.filter ? (
          <Link className={styles.value} to={queueAddress(figure.filter)}>
            {figure.value}
          </Link>
        ) : (
          <span className={styles.value}>{figure.value}</span>
        )}
        <Change figure={figure} />
        {figure.detail && <small>{figure.detail}</small>}
      </dd>
    </div>
  )
}

function Change({ figure }: { figure: Figure }) {
  if (figure.change === null) return null
  const Icon = /^[-−]/.test(figure.change)
    ? ArrowDown
    : /^[+×]/.test(figure.change)
      ? ArrowUp
      : Minus
  return (
    <span
      className={styles.change}
      data-tone={figure.tone}
      title={t('dashboard:before', { value: figure.before })}
    >
      <Icon size={13} aria-hidden="true" />
      {figure.change}
      <span className="sr"> {t('dashboard:before', { value: figure.before })}</span>
    </span>
  )
}
