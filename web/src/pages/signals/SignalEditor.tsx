// SPDX-License-Identifier: Apache-2.0
import { ActionIcon, NumberInput, Switch } from '@mantine/core'
import { X } from 'lucide-react'
import { Link } from 'react-router-dom'
import type { Signal } from '../../api/insight'
import { Facts } from '../../components/Facts'
import { Panel } from '../../components/Panel'
import { queueAddress, searchAddress } from '../../lib/address'
import { decimalMark, formatCount, formatPercent, formatRatio } from '../../lib/format'
import { t } from '../../lib/i18n'
import { serverText } from '../../lib/serverText'
import { alertTypeLabel, entityKindLabel, label } from '../../lib/vocabulary'
import page from '../Page.module.css'
import { FieldInput } from './FieldInput'
import styles from './Signals.module.css'
import { drafted, withSignal } from './draft'
import { setDraft, useDraft } from './draftStore'

interface Props {
  signal: Signal
  mayChange: boolean
  onClose: () => void
}

export function SignalEditor({ signal: now, mayChange, onClose }: Props) {
  const draft = useDraft()
  const signal = drafted(now, draft)
  const change = (wanted: Signal) => setDraft(withSignal(draft, now, wanted))
  const setParameter = (name: string, value: number) =>
    change({
      ...signal,
      parameters: signal.parameters.map((item) => (item.name === name ? { ...item, value } : item)),
    })
  return (
    <Panel
      title={serverText(now.title)}
      aside={
        <span className={styles.head}>
          <Switch
            size="xs"
            label={signal.enabled ? t('signals:on') : t('signals:off')}
            checked={signal.enabled}
            disabled={!mayChange}
            onChange={(event) => change({ ...signal, enabled: event.currentTarget.checked })}
          />
          <ActionIcon size="sm" aria-label={t('actions.close')} onClick={onClose}>
            <X size={14} />
          </ActionIcon>
        </span>
      }
    >
      <div className={styles.editor} data-testid="signal-editor">
        <p>{serverText(now.help)}</p>
        <SignalFacts signal={now} />
        <div className={styles.fields}>
          {signal.parameters.map((item, index) => (
            <FieldInput
              key={`${now.name} ${item.name}`}
              label={serverText(item.help)}
              about={label(item.name)}
              unit={item.unit}
              value={item.value}
              now={now.parameters[index]?.value ?? item.value}
              standard={item.default}
              min={item.min}
              max={item.max}
              isReadOnly={!mayChange}
              onChange={(value) => setParameter(item.name, value)}
            />
          ))}
          <div className={styles.field} data-changed={signal.weight !== now.weight || undefined}>
            <NumberInput
              label={t(now.is_clearing ? 'signals:weightClearing' : 'signals:weight')}
              description={t('signals:weightHelp')}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              min={0.1}
              max={100}
              step={0.5}
              decimalScale={2}
              decimalSeparator={decimalMark()}
              readOnly={!mayChange}
              value={signal.weight}
              onChange={(value) => {
                if (typeof value === 'number' && value > 0) change({ ...signal, weight: value })
              }}
            />
          </div>
        </div>
        <p className={styles.template}>{now.sentence}</p>
      </div>
    </Panel>
  )
}

function shareLine(share: Signal['precision']): string {
  const of = t('interval.of', { k: formatCount(share.k), n: formatCount(share.n) })
  return `${formatPercent(share.value ?? 0)} (${of})`
}

function SignalFacts({ signal }: { signal: Signal }) {
  return (
    <Facts
      className={page.facts}
      facts={[
        [t('signals:column.scheme'), label(signal.scheme)],
        [t('signals:column.type'), alertTypeLabel(signal.type)],
        [t('signals:column.about'), entityKindLabel(signal.entity)],
        [
          t('signals:column.hits'),
          <Link to={searchAddress({ signal: signal.name })}>{formatCount(signal.hits_28d)}</Link>,
        ],
        [
          t('signals:column.precision'),
          signal.precision.n > 0 ? (
            <Link to={queueAddress({ signal: signal.name, status: 'CLOSED' })}>
              {shareLine(signal.precision)}
            </Link>
          ) : null,
        ],
        [
          t('signals:column.false'),
          signal.false_positive_rate === null ? null : formatPercent(signal.false_positive_rate),
        ],
        [
          t('signals:column.trust'),
          signal.trust === null ? null : `× ${formatRatio(signal.trust)}`,
        ],
      ]}
    />
  )
}
