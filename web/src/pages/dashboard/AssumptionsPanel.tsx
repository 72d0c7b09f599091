// SPDX-License-Identifier: Apache-2.0
//
// What the estimates rest on. Whoever may change settings changes them here.
import type { MetricsAssumption } from '../../api/insight'
import { Panel } from '../../components/Panel'
import { formatMoneyRounded, formatPercent, formatShort } from '../../lib/format'
import { t } from '../../lib/i18n'
import styles from './Dashboard.module.css'

interface Props {
  assumptions: MetricsAssumption[]
  currency: string
}

function valueText({ unit, value }: MetricsAssumption, currency: string): string {
  switch (unit) {
    case 'minor':
      return formatMoneyRounded({ amount: String(value / 100), currency })
    case 'share':
      return formatPercent(value)
    case 'months':
    case 'minutes':
    case 'hours':
      return t(`dashboard:assumption.${unit}`, { n: formatShort(value) })
  }
}

export function AssumptionsPanel({ assumptions, currency }: Props) {
  return (
    <Panel title={t('dashboard:assumptions.title')} aside={t('dashboard:assumptions.aside')}>
      <dl className={styles.assumptions}>
        {assumptions.map((item) => (
          <div key={item.name}>
            <dt>{t(`dashboard:setting.${item.name}`)}</dt>
            <dd>{valueText(item, currency)}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  )
}
