// SPDX-License-Identifier: Apache-2.0
//
// What the colours of a chart stand for. Screen readers hear the chart's own label instead.
import type { Series } from '../charts/SeriesChart'
import styles from './Legend.module.css'

export function Legend({
  series,
}: {
  series: Pick<Series, 'name' | 'kind' | 'tone' | 'isDashed'>[]
}) {
  return (
    <div className={styles.legend} aria-hidden="true">
      {series.map((item) => (
        <span key={item.name}>
          <i
            data-kind={item.isDashed ? 'dashed' : item.kind}
            style={{ '--tone': `var(--tw-${item.tone})` } as React.CSSProperties}
          />
          {item.name}
        </span>
      ))}
    </div>
  )
}
