// SPDX-License-Identifier: Apache-2.0
//
// What the alert's receipts share with others: cards, customers, items, original receipts; where and
// by whom they were used besides: as a network of all of them, or the one in hand as a strip of
// stores over time.
import { Button, SegmentedControl } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { ArrowUpRight } from 'lucide-react'
import { useMemo, useState } from 'react'
import { Link, useNavigate } from 'react-router-dom'
import type { AlertDetail, Related } from '../../api/client'
import { relatedQuery } from '../../api/work'
import type { ElsewhereDot } from '../../charts/ElsewhereChart'
import { ElsewhereChart } from '../../charts/lazy'
import { Panel } from '../../components/Panel'
import { shortToken } from '../../lib/entity'
import { formatCount } from '../../lib/format'
import { t } from '../../lib/i18n'
import styles from './AlertPage.module.css'
import { NetworkView } from './NetworkView'

const shownN = 5

type View = 'network' | 'time'

type Shared = Related['shared'][number]

const keyOf = (shared: Shared) => `${shared.kind}/${shared.id}`

const nameOf = ({ kind, id }: Shared) =>
  t(`alert:elsewhere.${kind}`, { id: kind === 'CARD' || kind === 'CUSTOMER' ? shortToken(id) : id })

function pathOf({ kind, id }: Shared): string {
  const folders = { CARD: 'cards', CUSTOMER: 'customers', ITEM: 'items', RECEIPT: 'transactions' }
  return `/${folders[kind]}/${encodeURIComponent(id)}`
}

function dotsOf(alert: AlertDetail, shared: Shared): ElsewhereDot[] {
  const here = alert.transactions.map((item) => ({ ...item, kind: 'here' as const }))
  const others = shared.transactions.map((item) => ({
    ...item,
    kind: item.alert_id ? ('alerted' as const) : ('other' as const),
  }))
  return [...others, ...here]
}

export function ElsewherePanel({ alert, height }: { alert: AlertDetail; height: number }) {
  const { data, error } = useQuery(relatedQuery(alert.alert_id))
  const shared = (data?.shared ?? []).filter((item) => item.other_n > 0)
  return (
    <Panel title={t('alert:elsewhere.title')} aside={t('alert:elsewhere.aside')}>
      {error && <p className={styles.quiet}>{t('alert:elsewhere.failed')}</p>}
      {data && shared.length === 0 && <p className={styles.quiet}>{t('alert:elsewhere.none')}</p>}
      {!data && !error && <div style={{ height }} aria-busy="true" />}
      {data && shared.length > 0 && <Elsewhere alert={alert} related={data} shared={shared} />}
    </Panel>
  )
}

interface ElsewhereProps {
  alert: AlertDetail
  related: Related
  shared: Shared[]
}

// The view is the reader's habit: it stays from alert to alert.
function Elsewhere({ alert, related, shared }: ElsewhereProps) {
  const [view, setView] = useLocalStorage<View>({
    key: 'tillwatch-elsewhere',
    defaultValue: 'network',
    getInitialValueInEffect: false,
  })
  const [pickedKey, setPickedKey] = useState<string | null>(null)
  const isNetwork = view !== 'time'
  const picked = shared.find((item) => keyOf(item) === pickedKey)
  // The strip shows one of them; the network shows all until one is picked.
  const inHand = isNetwork ? picked : (picked ?? shared[0])
  const pick = (key: string) => setPickedKey(isNetwork && key === pickedKey ? null : key)
  return (
    <>
      <SharedList shared={shared} inHand={inHand} onPick={pick} />
      <SegmentedControl
        size="xs"
        mb={6}
        aria-label={t('alert:elsewhere.view')}
        value={isNetwork ? 'network' : 'time'}
        onChange={(value) => setView(value as View)}
        data={[
          { value: 'network', label: t('alert:elsewhere.network') },
          { value: 'time', label: t('alert:elsewhere.time') },
        ]}
      />
      {isNetwork ? (
        <NetworkView
          alertId={alert.alert_id}
          related={related}
          focusId={picked ? keyOf(picked) : null}
        />
      ) : (
        inHand && <Strip alert={alert} picked={inHand} />
      )}
    </>
  )
}

interface SharedListProps {
  shared: Shared[]
  inHand: Shared | undefined
  onPick: (key: string) => void
}

function SharedList({ shared, inHand, onPick }: SharedListProps) {
  const [isAll, setAll] = useState(false)
  const shown = isAll ? shared : shared.slice(0, shownN)
  return (
    <>
      <ul className={styles.shared}>
        {shown.map((item) => (
          <li key={keyOf(item)} data-picked={item === inHand || undefined}>
            <button
              type="button"
              aria-pressed={item === inHand}
              onClick={() => onPick(keyOf(item))}
            >
              <b>{nameOf(item)}</b>
              <span>
                {t('alert:elsewhere.where', {
                  own: formatCount(item.own_n),
                  other: formatCount(item.other_n),
                  stores: t('alert:elsewhere.stores', { count: item.stores }),
                  employees: t('alert:elsewhere.employees', { count: item.employees }),
                })}
              </span>
            </button>
            <Link
              to={pathOf(item)}
              aria-label={t('alert:elsewhere.show', { what: nameOf(item) })}
              title={t('alert:elsewhere.show', { what: nameOf(item) })}
            >
              <ArrowUpRight size={15} />
            </Link>
          </li>
        ))}
      </ul>
      {shared.length > shownN && (
        <Button
          variant="subtle"
          size="compact-xs"
          fz="xs"
          mb={6}
          aria-expanded={isAll}
          onClick={() => setAll(!isAll)}
        >
          {isAll ? t('actions.showFewer') : t('actions.showAll', { n: formatCount(shared.length) })}
        </Button>
      )}
    </>
  )
}

function Strip({ alert, picked }: { alert: AlertDetail; picked: Shared }) {
  const navigate = useNavigate()
  const dots = useMemo(() => dotsOf(alert, picked), [alert, picked])
  const lanes = new Set(dots.map((dot) => dot.store_id)).size
  return (
    <>
      <div className={`${styles.legend} ${styles.ownLine}`} aria-hidden="true">
        <b>
          <i data-kind="other" /> {t('alert:elsewhere.legendOther')}
        </b>
        <b>
          <i data-kind="back" /> {t('alert:elsewhere.legendAlerted')}
        </b>
        <b>
          <i data-kind="alerted" /> {t('alert:elsewhere.legendHere')}
        </b>
      </div>
      <ElsewhereChart
        title={`${nameOf(picked)}: ${t('alert:elsewhere.chart', { count: picked.transactions.length })}`}
        dots={dots}
        height={Math.min(lanes * 22 + 40, 320)}
        onPick={(id) => navigate(`/transactions/${encodeURIComponent(id)}`)}
      />
    </>
  )
}
