// SPDX-License-Identifier: Apache-2.0
//
// The conditions as chips: each opens where it is changed; the menu adds another.
import { Button, CloseButton, Menu, Popover, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Plus, Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { signalsQuery } from '../../api/queries'
import { shortToken } from '../../lib/entity'
import { formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { serverText } from '../../lib/serverText'
import { label } from '../../lib/vocabulary'
import { FieldEditor } from './FieldEditor'
import styles from './Search.module.css'
import { type Field, type Values, fields, paramsOf, usedFields } from './fields'

interface Props {
  values: Values
  change: (part: Values) => void // '' takes a condition away
}

const textDelayMs = 250

export function SearchFilters({ values, change }: Props) {
  // A condition that was added and has no value yet.
  const [added, setAdded] = useState<Field | null>(null)
  const used = usedFields(values)
  const chips = added && !used.includes(added) ? [...used, added] : used
  const rest = fields.filter((field) => !chips.includes(field))
  const clear = (field: Field) => {
    setAdded(null)
    change(Object.fromEntries(paramsOf(field).map((name) => [name, ''])))
  }
  return (
    <div className={styles.filters} role="search" aria-label={t('search:conditions')}>
      <TextBox text={values.text ?? ''} onChange={(text) => change({ text })} />
      {chips.map((field) => (
        <Chip
          key={field.name}
          field={field}
          values={values}
          isNew={field === added}
          change={change}
          onClear={() => clear(field)}
          onClose={() => setAdded(null)}
        />
      ))}
      <Menu position="bottom-start" shadow="md" withinPortal>
        <Menu.Target>
          <Button variant="default" leftSection={<Plus size={14} />}>
            {t('search:add')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown className={styles.addMenu}>
          {rest.map((field) => (
            <Menu.Item key={field.name} onClick={() => setAdded(field)}>
              {t(`search:field.${field.name}`)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {(used.length > 0 || values.text) && (
        <Button
          variant="subtle"
          onClick={() => {
            setAdded(null)
            change(Object.fromEntries(Object.keys(values).map((name) => [name, ''])))
          }}
        >
          {t('search:clear')}
        </Button>
      )}
    </div>
  )
}

function TextBox({ text, onChange }: { text: string; onChange: (text: string) => void }) {
  const [typed, setTyped] = useState(text)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  // The address changed by other means: going back, clearing.
  useEffect(() => setTyped(text), [text])
  useEffect(() => () => clearTimeout(timer.current), [])
  return (
    <TextInput
      type="search"
      className={styles.text}
      aria-label={t('search:text')}
      placeholder={t('search:text')}
      leftSection={<Search size={14} />}
      maxLength={100}
      value={typed}
      onChange={(event) => {
        const value = event.currentTarget.value
        setTyped(value)
        clearTimeout(timer.current)
        timer.current = setTimeout(() => onChange(value), textDelayMs)
      }}
    />
  )
}

interface ChipProps extends Props {
  field: Field
  isNew: boolean
  onClear: () => void
  onClose: () => void
}

function Chip({ field, values, isNew, change, onClear, onClose }: ChipProps) {
  const [isOpen, setOpen] = useState(isNew)
  const name = t(`search:field.${field.name}`)
  const text = useValueText(field, values)
  const close = (next: boolean) => {
    setOpen(next)
    if (!next) onClose()
  }
  return (
    <span className={styles.chip} data-field={field.name}>
      <Popover
        opened={isOpen}
        onChange={close}
        position="bottom-start"
        shadow="md"
        trapFocus
        returnFocus
      >
        <Popover.Target>
          <button
            type="button"
            className={styles.chipButton}
            aria-expanded={isOpen}
            onClick={() => close(!isOpen)}
          >
            {name}
            {text && <b>{text}</b>}
          </button>
        </Popover.Target>
        <Popover.Dropdown aria-label={name}>
          <FieldEditor
            field={field}
            label={name}
            values={values}
            change={change}
            onDone={() => close(false)}
          />
        </Popover.Dropdown>
      </Popover>
      <CloseButton
        size={24}
        iconSize={13}
        aria-label={t('search:remove', { name })}
        onClick={onClear}
      />
    </span>
  )
}

function rangeText(low: string | undefined, high: string | undefined): string {
  if (low && high) return `${low} – ${high}`
  if (low) return `≥ ${low}`
  return high ? `≤ ${high}` : ''
}

function useValueText(field: Field, values: Values): string {
  const { data } = useQuery({ ...signalsQuery, enabled: field.kind === 'signal' })
  const [first = '', second = ''] = paramsOf(field)
  const value = values[first]
  switch (field.kind) {
    case 'choices':
      return (value ?? '').split(',').filter(Boolean).map(label).join(', ')
    case 'dates': {
      const day = (date: string | undefined) => date && formatTime(date, 'date')
      return rangeText(day(value), day(values[second]))
    }
    case 'hours': {
      const hour = (text: string | undefined) => text && `${text.padStart(2, '0')}:00`
      return rangeText(hour(value), hour(values[second]))
    }
    case 'money':
    case 'risk':
      return rangeText(value, values[second])
    case 'flag':
      return value ? t(value === 'true' ? 'value.yes' : 'value.no') : ''
    case 'signal':
      return serverText(data?.items.find((signal) => signal.name === value)?.title ?? value ?? '')
    case 'id':
      return field.name === 'account_token' ? shortToken(value ?? '') : (value ?? '')
  }
}
