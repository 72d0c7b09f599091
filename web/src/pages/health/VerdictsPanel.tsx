// SPDX-License-Identifier: Apache-2.0
import { SegmentedControl } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'react-router-dom'
import type { PrecisionRow } from '../../api/client'
import { IntervalBar, ShareText } from '../../components/Intervals'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { formatCount } from '../../lib/format'
import { t } from '../../lib/i18n'
import { label } from '../../lib/vocabulary'
import styles from './Health.module.css'

type By = 'schemes' | 'stores'

export function VerdictsPanel({ schemes, stores }: Record<By, PrecisionRow[]>) {
  const [by, setBy] = useState<By>('schemes')
  const rows = (by === 'schemes' ? schemes : stores)
    .map((row) => ({ ...row, decided: row.precision.n + row.inconclusive }))
    .filter((row) => row.decided > 0)
    .sort((a, b) => b.decided - a.decided || a.name.localeCompare(b.name))
  return (
    <Panel
      title={t('health:verdicts.title')}
      aside={
        <SegmentedControl
          size="xs"
          value={by}
          onChange={(value) => setBy(value as By)}
          data={[
            { value: 'schemes', label: t('health:verdicts.byScheme') },
            { value: 'stores', label: t('health:verdicts.byStore') },
          ]}
          aria-label={t('health:verdicts.group')}
        />
      }
      isFlush
    >
      {rows.length === 0 ? (
        <p className={lists.empty}>{t('health:verdicts.none')}</p>
      ) : (
        <div
          className={`${styles.scroll} ${styles.short}`}
          tabIndex={0}
          role="group"
          aria-label={t('health:verdicts.title')}
        >
          <table className={lists.table}>
            <thead>
              <tr>
                <th scope="col">{t(by === 'schemes' ? 'health:scheme' : 'health:store')}</th>
                <th scope="col" className={lists.figure}>
                  {t('health:verdicts.decided')}
                </th>
                <th scope="col">
                  <span className="sr">{t('health:verdicts.interval')}</span>
                </th>
                <th scope="col" className={lists.figure}>
                  {t('verdict.CONFIRMED')}
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.name}>
                  <td>
                    {by === 'schemes' ? (
                      label(row.name)
                    ) : (
                      <Link to={`/stores/${encodeURIComponent(row.name)}`}>{row.name}</Link>
                    )}
                  </td>
                  <td className={lists.figure}>{formatCount(row.decided)}</td>
                  <td className={styles.barCell}>
                    <IntervalBar interval={row.precision} tone="other" />
                  </td>
                  <td className={lists.figure}>
                    <ShareText share={row.precision} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}
