// SPDX-License-Identifier: Apache-2.0
//
// Where one condition is written. Single values take effect with Enter or Done, choices at once.
import {
  Button,
  Checkbox,
  Group,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  TextInput,
} from '@mantine/core'
import { DatePicker, DatesProvider } from '@mantine/dates'
import '../../lib/dates'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { signalsQuery, storesQuery } from '../../api/queries'
import { decimalMark } from '../../lib/format'
import { currentLanguage, t } from '../../lib/i18n'
import { fromLocalDate, toLocalDate } from '../../lib/period'
import { serverText } from '../../lib/serverText'
import { label as word } from '../../lib/vocabulary'
import { type Field, type Values, paramsOf } from './fields'

interface Props {
  field: Field
  label: string
  values: Values
  change: (part: Values) => void
  onDone: () => void
}

export function FieldEditor(props: Props) {
  switch (props.field.kind) {
    case 'choices':
      return <Choices {...props} />
    case 'dates':
      return <Dates {...props} />
    case 'money':
    case 'risk':
    case 'hours':
      return <Range {...props} />
    case 'flag':
      return <Flag {...props} />
    case 'signal':
      return <SignalChoice {...props} />
    case 'id':
      return <Text {...props} />
  }
}

function Text({ field, label, values, change, onDone }: Props) {
  const [text, setText] = useState(values[field.name] ?? '')
  const { data } = useQuery({ ...storesQuery, enabled: field.name === 'store_id' })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change({ [field.name]: text.trim() })
    onDone()
  }
  return (
    <form onSubmit={submit}>
      <Stack gap={8}>
        <TextInput
          label={label}
          data-autofocus
          maxLength={64}
          list={data ? 'search-stores' : undefined}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        {data && (
          <datalist id="search-stores">
            {data.items.map((store) => (
              <option key={store.store_id} value={store.store_id} />
            ))}
          </datalist>
        )}
        <Group justify="flex-end">
          <Button type="submit">{t('search:done')}</Button>
        </Group>
      </Stack>
    </form>
  )
}

function Choices({ field, label, values, change }: Props) {
  const chosen = (values[field.name] ?? '').split(',').filter(Boolean)
  return (
    <Checkbox.Group
      label={label}
      size="xs"
      value={chosen}
      onChange={(next) => change({ [field.name]: next.join(',') })}
    >
      <Stack gap={6} mt={8}>
        {field.choices?.map((choice) => (
          <Checkbox key={choice} size="xs" value={choice} label={word(choice)} />
        ))}
      </Stack>
    </Checkbox.Group>
  )
}

function Flag({ field, label, values, change }: Props) {
  return (
    <SegmentedControl
      size="xs"
      aria-label={label}
      value={values[field.name] ?? ''}
      onChange={(value) => change({ [field.name]: value })}
      data={[
        { value: '', label: t('search:any') },
        { value: 'true', label: t('value.yes') },
        { value: 'false', label: t('value.no') },
      ]}
    />
  )
}

function SignalChoice({ field, label, values, change, onDone }: Props) {
  const { data } = useQuery(signalsQuery)
  return (
    <Select
      label={label}
      data-autofocus
      searchable
      w={300}
      comboboxProps={{ withinPortal: false }}
      value={values[field.name] ?? null}
      onChange={(value) => {
        change({ [field.name]: value ?? '' })
        onDone()
      }}
      data={(data?.items ?? []).map((signal) => ({
        value: signal.name,
        label: serverText(signal.title),
      }))}
    />
  )
}

const limits = {
  money: { max: undefined, step: 10, scale: 2 },
  risk: { max: 1, step: 0.05, scale: 4 },
  hours: { max: 24, step: 1, scale: 0 },
}

function Range({ field, label, values, change, onDone }: Props) {
  const [low = '', high = ''] = paramsOf(field)
  const [from, setFrom] = useState<string | number>(values[low] ?? '')
  const [to, setTo] = useState<string | number>(values[high] ?? '')
  const { max, step, scale } = limits[field.kind as keyof typeof limits]
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change({ [low]: String(from), [high]: String(to) })
    onDone()
  }
  const input = {
    min: 0,
    max,
    step,
    decimalScale: scale,
    decimalSeparator: decimalMark(),
    w: 120,
  }
  return (
    <form onSubmit={submit} aria-label={label}>
      <Group gap={8} align="end">
        <NumberInput
          label={t('search:atLeast')}
          data-autofocus
          value={from}
          onChange={setFrom}
          {...input}
        />
        <NumberInput label={t('search:atMost')} value={to} onChange={setTo} {...input} />
        <Button type="submit">{t('search:done')}</Button>
      </Group>
    </form>
  )
}

function Dates({ values, change, onDone }: Props) {
  const [range, setRange] = useState<[Date | null, Date | null]>([
    values.from ? toLocalDate(values.from) : null,
    values.to ? toLocalDate(values.to) : null,
  ])
  return (
    <DatesProvider settings={{ locale: currentLanguage(), firstDayOfWeek: 1 }}>
      <DatePicker
        type="range"
        size="sm"
        allowSingleDateInRange
        defaultDate={range[0] ?? undefined}
        value={range}
        onChange={(next) => {
          setRange(next)
          const [first, last] = next
          if (!first || !last) return
          change({ from: fromLocalDate(first), to: fromLocalDate(last) })
          onDone()
        }}
      />
    </DatesProvider>
  )
}
