// SPDX-License-Identifier: Apache-2.0
import { Button, Progress } from '@mantine/core'
import { Link } from 'react-router-dom'
import { Panel } from '../../components/Panel'
import { asSentence } from '../../lib/format'
import { t } from '../../lib/i18n'
import { BacktestView } from './BacktestView'
import styles from './Signals.module.css'
import { type DryRun, dryRunDays } from './useDryRun'

interface Props {
  dryRun: DryRun
  mayRun: boolean
  begin: () => void
  stop: () => void
}

export function DryRunPanel({ dryRun, mayRun, begin, stop }: Props) {
  const id = dryRun.state === 'done' ? dryRun.backtest.id : null
  return (
    <Panel
      title={t('signals:dryRun.title')}
      aside={
        id ? (
          <Link to={`/backtest?id=${encodeURIComponent(id)}`}>{t('signals:dryRun.open')}</Link>
        ) : (
          t('signals:dryRun.aside', { n: dryRunDays })
        )
      }
    >
      <div
        className={styles.dryRun}
        aria-live="polite"
        data-testid="dry-run"
        data-state={dryRun.state}
      >
        {mayRun ? (
          <Content dryRun={dryRun} begin={begin} stop={stop} />
        ) : (
          <p className={styles.quiet}>{t('signals:dryRun.noRight')}</p>
        )}
      </div>
    </Panel>
  )
}

function Content({ dryRun, begin, stop }: Omit<Props, 'mayRun'>) {
  switch (dryRun.state) {
    case 'idle':
      return <p className={styles.quiet}>{t('signals:dryRun.idle')}</p>
    case 'asking':
      return (
        <>
          <p className={styles.quiet}>{t('signals:dryRun.long')}</p>
          <Button onClick={begin}>{t('signals:dryRun.begin')}</Button>
        </>
      )
    case 'stopped':
      return (
        <>
          <p className={styles.quiet}>{t('signals:dryRun.stopped')}</p>
          <Button onClick={begin}>{t('signals:dryRun.begin')}</Button>
        </>
      )
    case 'waiting':
    case 'running': {
      const share = dryRun.state === 'running' ? dryRun.share : null
      return (
        <>
          <p className={styles.quiet}>{t('signals:dryRun.running')}</p>
          <Progress
            value={share === null ? 100 : 100 * share}
            animated={share === null}
            size="sm"
            aria-label={t('signals:dryRun.running')}
          />
          {dryRun.state === 'running' && (
            <Button variant="default" onClick={stop}>
              {t('signals:dryRun.stop')}
            </Button>
          )}
        </>
      )
    }
    case 'failed':
      return (
        <p className={styles.problem} role="alert">
          {asSentence(dryRun.message || t('states.failed'))}
        </p>
      )
    case 'done':
      return dryRun.backtest.result && <BacktestView result={dryRun.backtest.result} />
  }
}
