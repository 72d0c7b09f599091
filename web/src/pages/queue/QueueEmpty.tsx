// SPDX-License-Identifier: Apache-2.0
//
// An empty queue says why it is empty: no data yet, no match, or nothing to worry about.
import { Button } from '@mantine/core'
import type { Summary } from '../../api/client'
import { State } from '../../components/States'
import { type Filters, isNarrowed, viewOf } from '../../lib/filters'
import { formatCount } from '../../lib/format'
import { t } from '../../lib/i18n'
import { FirstRunGuide } from '../firstrun'

interface Props {
  filters: Filters
  summary: Summary | undefined
  onClear: () => void
}

export function QueueEmpty({ filters, summary, onClear }: Props) {
  if (summary?.transactions === 0) return <FirstRunGuide />
  const view = viewOf(filters)
  if (view === 'mine' && !isNarrowed(filters)) {
    return (
      <State
        title={t('queue:empty.mine')}
        actions={<Button onClick={onClear}>{t('queue:empty.showAll')}</Button>}
      >
        <p>{t('queue:empty.mineHelp')}</p>
      </State>
    )
  }
  if (isNarrowed(filters) || (view !== 'open' && view !== 'all')) {
    return (
      <State
        title={t('queue:empty.noMatch')}
        actions={<Button onClick={onClear}>{t('queue:empty.showAll')}</Button>}
      >
        <p>{t('queue:empty.noMatchHelp')}</p>
      </State>
    )
  }
  return (
    <State title={t('queue:empty.nothing')}>
      <p>
        {summary &&
          t('queue:empty.watched', {
            transactions: formatCount(summary.transactions),
            stores: formatCount(summary.stores),
          })}{' '}
        {t('queue:empty.byThemselves')}
      </p>
    </State>
  )
}
