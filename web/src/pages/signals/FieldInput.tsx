// SPDX-License-Identifier: Apache-2.0
//
// One number of a signal or of the policy: what it means, its range, its default.
import { Button, NumberInput } from '@mantine/core'
import { RotateCcw } from 'lucide-react'
import { decimalMark, formatExact } from '../../lib/format'
import { t } from '../../lib/i18n'
import styles from './Signals.module.css'

interface Props {
  label: string
  // Below the field, before its range.
  about: string
  unit: string
  value: number
  // What is in force; an edited field is marked.
  now: number
  standard: number | null
  min: number
  max: number
  isReadOnly: boolean
  onChange: (value: number) => void
}

const wholeUnits = ['count', 'days', 's', 'min', 'alerts']

// A step that suits the size of the range: 4 -> 1, 1.5 -> 0.1, 0.005 -> 0.001.
function stepOf(unit: string, value: number): number {
  if (wholeUnits.includes(unit) && Number.isInteger(value)) return 1
  const size = Math.abs(value) || 1
  return 10 ** (Math.ceil(Math.log10(size)) - 1)
}

function suffixOf(unit: string): string {
  if (unit === 'ratio') return ' ×'
  if (unit === 'share' || unit === 'rank' || unit === 'count') return ''
  return ` ${t(`signals:unit.${unit}` as 'signals:unit.s', { defaultValue: unit })}`
}

export function FieldInput(props: Props) {
  const { label, about, unit, value, now, standard, min, max, isReadOnly, onChange } = props
  return (
    <div className={styles.field} data-changed={value !== now || undefined}>
      <NumberInput
        label={label}
        description={`${about} · ${t('signals:range', { min: formatExact(min), max: formatExact(max) })}`}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        min={min}
        max={max}
        step={stepOf(unit, value)}
        decimalScale={4}
        decimalSeparator={decimalMark()}
        clampBehavior="blur"
        suffix={suffixOf(unit)}
        readOnly={isReadOnly}
        value={value}
        onChange={(next) => {
          if (typeof next === 'number' && next >= min && next <= max) onChange(next)
        }}
      />
      <span className={styles.fieldFoot}>
        {value !== now && <span>{t('signals:was', { value: formatExact(now) })}</span>}
        {standard !== null && value !== standard && !isReadOnly && (
          <Button
            variant="subtle"
            size="compact-xs"
            leftSection={<RotateCcw size={11} />}
            onClick={() => onChange(standard)}
          >
            {t('signals:standard', { value: formatExact(standard) })}
          </Button>
        )}
      </span>
    </div>
  )
}
