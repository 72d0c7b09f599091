// SPDX-License-Identifier: Apache-2.0
//
// All inputs by how much they have changed since the champion learned; one of them in full.
import { Button, TextInput } from '@mantine/core'
import { Search } from 'lucide-react'
import { type CSSProperties, useCallback, useState } from 'react'
import { useSearchParams } from 'react-router-dom'
import type { Drift, DriftInput } from '../../api/client'
import { BinsChart } from '../../charts/lazy'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { asSentence, formatCount, formatPercent, formatRatio, formatValue } from '../../lib/format'
import { t } from '../../lib/i18n'
import { psiLevel, psiWord } from '../../lib/learning'
import { serverText } from '../../lib/serverText'
import styles from './Health.module.css'

const shownFirst = 12

export function DriftPanel({ drift }: { drift: Drift | null }) {
  const [params, setParams] = useSearchParams()
  const [text, setText] = useState('')
  const [isAll, setAll] = useState(false)
  if (!drift) {
    return (
      <Panel title={t('health:drift.title')}>
        <p className={styles.quiet}>{t('health:drift.none')}</p>
      </Panel>
    )
  }
  const wanted = text.trim().toLowerCase()
  const fitting = drift.inputs.filter((input) =>
    `${input.input} ${serverText(input.title)}`.toLowerCase().includes(wanted),
  )
  const shown = isAll || wanted ? fitting : fitting.slice(0, shownFirst)
  const picked =
    drift.inputs.find((input) => input.input === params.get('input')) ?? drift.inputs[0]
  const pick = (input: string) => setParams({ input }, { replace: true, preventScrollReset: true })
  return (
    <Panel
      title={t('health:drift.title')}
      aside={t('health:drift.aside', {
        now: formatCount(drift.rows),
        then: formatCount(drift.reference_rows),
      })}
    >
      <div className={styles.drift}>
        <div className={styles.driftList}>
          <TextInput
            type="search"
            aria-label={t('health:drift.find')}
            placeholder={t('health:drift.find')}
            leftSection={<Search size={14} />}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <InputTable inputs={shown} pickedInput={picked?.input} onPick={pick} />
          {!wanted && fitting.length > shownFirst && (
            <Button
              variant="subtle"
              size="compact-sm"
              fz="xs"
              aria-expanded={isAll}
              onClick={() => setAll(!isAll)}
            >
              {isAll
                ? t('actions.showFewer')
                : t('actions.showAll', { n: formatCount(fitting.length) })}
            </Button>
          )}
        </div>
        {picked && <InputDetail key={picked.input} input={picked} />}
      </div>
    </Panel>
  )
}

interface TableProps {
  inputs: DriftInput[]
  pickedInput: string | undefined
  onPick: (input: string) => void
}

const share = (value: number | null) => (value === null ? '–' : formatPercent(value))

function InputTable({ inputs, pickedInput, onPick }: TableProps) {
  return (
    <div className={styles.scroll} tabIndex={0} role="group" aria-label={t('health:drift.inputs')}>
      <table className={lists.table}>
        <thead>
          <tr>
            <th scope="col">{t('health:drift.input')}</th>
            <th scope="col">{t('health:drift.psi')}</th>
            <th scope="col" className={lists.figure}>
              {t('health:drift.missing')}
            </th>
            <th scope="col" className={lists.figure}>
              {t('health:drift.then')}
            </th>
          </tr>
        </thead>
        <tbody>
          {inputs.map((input) => (
            <tr key={input.input} data-picked={input.input === pickedInput || undefined}>
              <td>
                <button
                  type="button"
                  className={styles.pick}
                  aria-pressed={input.input === pickedInput}
                  onClick={() => onPick(input.input)}
                >
                  {serverText(input.title)}
                </button>
              </td>
              <td>
                <Psi psi={input.psi} usual={input.usual_psi} />
              </td>
              <td className={lists.figure}>{share(input.missing)}</td>
              <td className={`${lists.figure} muted`}>{share(input.missing_reference)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Psi({ psi, usual }: { psi: number | null; usual: number | null }) {
  const level = psiLevel(psi, usual)
  const style = { '--share': `${Math.min(100, ((psi ?? 0) / 0.5) * 100)}%` } as CSSProperties
  return (
    <span className={styles.psi} data-level={level} style={style}>
      <i aria-hidden="true" />
      <span className="num">{psi === null ? '–' : formatRatio(psi)}</span>
      <span className="sr">{psiWord(level)}</span>
    </span>
  )
}

function InputDetail({ input }: { input: DriftInput }) {
  const { unit } = input
  // The feed may hold several currencies; an edge of money is shown as a number.
  const show = useCallback(
    (value: number) => formatValue(value, unit === 'money' ? 'ratio' : unit, 'USD'),
    [unit],
  )
  return (
    <div className={styles.inputDetail} data-testid="input-detail">
      <h3>{serverText(input.title)}</h3>
      <p>{asSentence(serverText(input.help))}</p>
      <p>
        {psiWord(psiLevel(input.psi, input.usual_psi))}
        {input.psi !== null &&
          ` (${t('health:drift.psiOf', { psi: formatRatio(input.psi), usual: formatRatio(input.usual_psi ?? 0) })})`}
        .{' '}
        {t('health:drift.missingOf', {
          now: share(input.missing),
          then: share(input.missing_reference),
        })}
      </p>
      <span className={styles.legend}>
        <b data-kind="then">{t('health:whenLearned')}</b>
        <b data-kind="now">{t('value.now')}</b>
      </span>
      {input.bins.length > 1 ? (
        <BinsChart title={serverText(input.title)} bins={input.bins} show={show} height={240} />
      ) : (
        <p className={styles.quiet}>{t('health:drift.single')}</p>
      )}
    </div>
  )
}
