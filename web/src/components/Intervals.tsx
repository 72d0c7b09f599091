// SPDX-License-Identifier: Apache-2.0
//
// Figures with their 90 % interval: as text, and as a dot in its band on a scale from 0 to 1.
import type { CSSProperties } from 'react'
import type { Interval, ShareOf } from '../api/client'
import { formatCount, formatPercent, formatRatio } from '../lib/format'
import { t } from '../lib/i18n'
import styles from './Intervals.module.css'

const dash = '–'

// "81 % (17 of 21)", with the interval below.
export function ShareText({ share }: { share: ShareOf }) {
  if (share.value === null) return <>{dash}</>
  return (
    <span className={styles.text}>
      {formatPercent(share.value)}
      <small>{t('interval.of', { k: formatCount(share.k), n: formatCount(share.n) })}</small>
    </span>
  )
}

type Style = 'percent' | 'ratio'

const show = (value: number, style: Style) =>
  style === 'percent' ? formatPercent(value) : formatRatio(value)

// "0.76 (0.69 to 0.83)", or null when it is not known.
export function intervalLine(interval: Interval | undefined, style: Style = 'ratio') {
  if (!interval || interval.value === null) return null
  const { value, low, high } = interval
  const range =
    low === null || high === null
      ? ''
      : ` (${t('interval.to', { low: show(low, style), high: show(high, style) })})`
  return show(value, style) + range
}

// The same in two lines.
export function IntervalText({ interval, style = 'ratio' }: { interval: Interval; style?: Style }) {
  if (interval.value === null) return <>{dash}</>
  return (
    <span className={styles.text}>
      {show(interval.value, style)}
      {interval.low !== null && interval.high !== null && (
        <small>
          {t('interval.to', {
            low: show(interval.low, style),
            high: show(interval.high, style),
          })}
        </small>
      )}
    </span>
  )
}

// The same as a picture; the text stands beside it.
export function IntervalBar({ interval, tone }: { interval: Interval; tone: 'own' | 'other' }) {
  const { value, low, high } = interval
  if (value === null) return <span className={styles.bar} aria-hidden="true" />
  const clamp = (share: number) => Math.min(1, Math.max(0, share))
  const style = {
    '--value': clamp(value),
    '--low': clamp(low ?? value),
    '--high': clamp(high ?? value),
  } as CSSProperties
  return (
    <span className={styles.bar} data-tone={tone} style={style} aria-hidden="true">
      <i className={styles.band} />
      <i className={styles.dot} />
    </span>
  )
}
