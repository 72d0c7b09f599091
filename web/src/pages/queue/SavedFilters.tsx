// SPDX-License-Identifier: Apache-2.0
//
// Filters under a name: one's own, and those that are shared. What is kept is the address.
import { ActionIcon, Button, Checkbox, Modal, Popover, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Bookmark, Trash2 } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import type { SavedFilter } from '../../api/client'
import { filtersQuery, useRemoveFilter, useSaveFilter } from '../../api/work'
import { useCan, useMe } from '../../app/session'
import work from '../../components/work/Work.module.css'
import { type Filters, filtersFromParams, paramsFromFilters } from '../../lib/filters'
import { asSentence } from '../../lib/format'
import { t } from '../../lib/i18n'
import { newId } from '../../lib/id'
import styles from './QueueFilters.module.css'

interface Props {
  filters: Filters
  onReplace: (filters: Filters) => void
}

export function SavedFilters({ filters, onReplace }: Props) {
  const [isOpen, setOpen] = useState(false)
  const [isSaving, setSaving] = useState(false)
  return (
    <>
      <Popover
        opened={isOpen}
        onChange={setOpen}
        position="bottom-end"
        trapFocus
        returnFocus
        shadow="md"
      >
        <Popover.Target>
          <Button
            className={styles.saved}
            variant="default"
            leftSection={<Bookmark size={14} />}
            onClick={() => setOpen(!isOpen)}
          >
            {t('queue:saved.label')}
          </Button>
        </Popover.Target>
        <Popover.Dropdown aria-label={t('queue:saved.label')}>
          {isOpen && (
            <FilterChoices
              onPick={(query) => {
                setOpen(false)
                onReplace(filtersFromParams(new URLSearchParams(query)))
              }}
              onSave={() => {
                setOpen(false)
                setSaving(true)
              }}
            />
          )}
        </Popover.Dropdown>
      </Popover>
      <Modal
        opened={isSaving}
        onClose={() => setSaving(false)}
        title={t('queue:saved.title')}
        closeButtonProps={{ 'aria-label': t('actions.close') }}
        size="sm"
      >
        <SaveForm query={paramsFromFilters(filters).toString()} onDone={() => setSaving(false)} />
      </Modal>
    </>
  )
}

interface ChoicesProps {
  onPick: (query: string) => void
  onSave: () => void
}

function FilterChoices({ onPick, onSave }: ChoicesProps) {
  const { data } = useQuery(filtersQuery)
  const me = useMe()
  const items = data?.items ?? []
  const mine = items.filter((item) => item.owner === me)
  const shared = items.filter((item) => item.owner !== me)
  return (
    <div className={work.people}>
      {data && items.length === 0 && <p className={work.quiet}>{t('queue:saved.none')}</p>}
      {mine.length > 0 && (
        <FilterGroup title={t('queue:saved.mine')} items={mine} onPick={onPick} />
      )}
      {shared.length > 0 && (
        <FilterGroup title={t('queue:saved.shared')} items={shared} onPick={onPick} />
      )}
      <Button variant="default" onClick={onSave}>
        {t('queue:saved.save')}
      </Button>
    </div>
  )
}

interface GroupProps {
  title: string
  items: SavedFilter[]
  onPick: (query: string) => void
}

function FilterGroup({ title, items, onPick }: GroupProps) {
  const remove = useRemoveFilter()
  const can = useCan()
  const me = useMe()
  return (
    <div>
      <p className={work.head}>{title}</p>
      <div className={work.options}>
        {items.map((item) => (
          <div key={item.id} className={styles.savedRow}>
            <button type="button" className={work.option} onClick={() => onPick(item.query)}>
              {item.name}
            </button>
            {(item.owner === me || can('manage')) && (
              <ActionIcon
                aria-label={t('queue:saved.remove', { name: item.name })}
                disabled={remove.isPending}
                onClick={() => remove.mutate(item.id)}
              >
                <Trash2 size={14} />
              </ActionIcon>
            )}
          </div>
        ))}
      </div>
    </div>
  )
}

function SaveForm({ query, onDone }: { query: string; onDone: () => void }) {
  const save = useSaveFilter()
  const [name, setName] = useState('')
  const [isShared, setShared] = useState(false)
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate({ id: newId(), name: name.trim(), query, shared: isShared }, { onSuccess: onDone })
  }
  return (
    <form className={work.form} onSubmit={onSubmit}>
      <TextInput
        label={t('queue:saved.name')}
        data-autofocus
        required
        withAsterisk={false}
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Checkbox
        label={t('queue:saved.share')}
        checked={isShared}
        onChange={(event) => setShared(event.currentTarget.checked)}
      />
      {save.error && (
        <p role="alert" className={work.error}>
          {asSentence(save.error.message)}
        </p>
      )}
      <Button type="submit" loading={save.isPending} disabled={!name.trim()}>
        {t('queue:saved.store')}
      </Button>
    </form>
  )
}
