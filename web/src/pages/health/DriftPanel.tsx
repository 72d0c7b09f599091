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
import { psiLevel, psiWords } from '../../lib/learning'
import styles from './Health.module.css'

const shownFirst = 12

export function DriftPanel({ drift }: { drift: Drift | null }) {
  const [params, setParams] = useSearchParams()
  const [text, setText] = useState('')
  const [isAll, setAll] = useState(false)
  if (!drift) {
    return (
      <Panel title="Inputs by drift">
        <p className={styles.quiet}>
          Drift is measured against the rows that the champion learned from. The present champion
          carries none, or too few new rows have come.
        </p>
      </Panel>
    )
  }
  const wanted = text.trim().toLowerCase()
  const fitting = drift.inputs.filter((input) =>
    `${input.input} ${input.title}`.toLowerCase().includes(wanted),
  )
  const shown = isAll || wanted ? fitting : fitting.slice(0, shownFirst)
  const picked =
    drift.inputs.find((input) => input.input === params.get('input')) ?? drift.inputs[0]
  const pick = (input: string) => setParams({ input }, { replace: true, preventScrollReset: true })
  return (
    <Panel
      title="Inputs by drift"
      aside={`${formatCount(drift.rows)} rows now against ${formatCount(drift.reference_rows)} of the training`}
    >
      <div className={styles.drift}>
        <div className={styles.driftList}>
          <TextInput
            type="search"
            aria-label="Find an input"
            placeholder="Find an input"
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
              {isAll ? 'Show fewer' : `Show all ${formatCount(fitting.length)}`}
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
    <div className={styles.scroll} tabIndex={0} role="group" aria-label="Inputs">
      <table className={lists.table}>
        <thead>
          <tr>
            <th scope="col">Input</th>
            <th scope="col">PSI</th>
            <th scope="col" className={lists.figure}>
              Missing
            </th>
            <th scope="col" className={lists.figure}>
              Then
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
                  {input.title}
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
      <span className="sr">{psiWords[level]}</span>
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
      <h3>{input.title}</h3>
      <p>{asSentence(input.help)}</p>
      <p>
        {psiWords[psiLevel(input.psi, input.usual_psi)]}
        {input.psi !== null &&
          ` (PSI ${formatRatio(input.psi)}; within the training rows ${formatRatio(input.usual_psi ?? 0)})`}
        . Missing in {share(input.missing)} of the rows now, in {share(input.missing_reference)}{' '}
        then.
      </p>
      <span className={styles.legend}>
        <b data-kind="then">when it learned</b>
        <b data-kind="now">now</b>
      </span>
      {input.bins.length > 1 ? (
        <BinsChart title={input.title} bins={input.bins} show={show} height={240} />
      ) : (
        <p className={styles.quiet}>It had one single value when the model learned.</p>
      )}
    </div>
  )
}
