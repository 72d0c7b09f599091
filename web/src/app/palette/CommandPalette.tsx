// SPDX-License-Identifier: Apache-2.0
//
// Jump to anything: a page, an alert, a case, a store, an employee, a receipt. What stands in the
// field is searched on the server while it is typed; ids can be gone to as they are.
import '@mantine/spotlight/styles.css'
import { Modal } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { Spotlight, spotlight } from '@mantine/spotlight'
import { useQuery } from '@tanstack/react-query'
import { Search } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useNavigate } from 'react-router-dom'
import { storesQuery } from '../../api/queries'
import { t } from '../../lib/i18n'
import { navGroups } from '../pages'
import { useCan } from '../session'
import { type Jump, idJumps, storeJumps } from './jumps'
import { paletteAlertsQuery } from './queries'

// The list is a scroll area, which the keyboard must reach. Its type does not say that it takes these.
const scrolled = { viewportProps: { tabIndex: 0 } } as object

export const openPalette = spotlight.open

function usePageJumps(wanted: string): Jump[] {
  const can = useCan()
  return navGroups
    .flat()
    .filter((page) => can(page.right))
    .map(({ to, name, icon }) => ({ to, label: t(`pages.${name}`), icon }))
    .filter((jump) => jump.label.toLowerCase().includes(wanted))
}

function useJumps(query: string): [string, Jump[]][] {
  const text = query.trim()
  const [sent] = useDebouncedValue(text, 120)
  const pages = usePageJumps(text.toLowerCase())
  const stores = useQuery({ ...storesQuery, enabled: text.length > 0 })
  const alerts = useQuery({ ...paletteAlertsQuery(sent), enabled: sent.length > 1 })
  if (!text) return [[t('palette:pages'), pages]]
  return [
    [t('palette:pages'), pages],
    [t('palette:alerts'), alerts.data ?? []],
    [t('palette:stores'), storeJumps(stores.data?.items ?? [], text)],
    [t('palette:ids'), idJumps(text)],
  ]
}

export function CommandPalette() {
  const navigate = useNavigate()
  const [query, setQuery] = useState('')
  const groups = useJumps(query).filter(([, jumps]) => jumps.length > 0)
  useEffect(() => spotlight.open(), [])
  return (
    <Spotlight.Root
      query={query}
      onQueryChange={setQuery}
      shortcut={null}
      scrollable
      maxHeight={460}
      overlayProps={{ backgroundOpacity: 0.4, blur: 0 }}
    >
      <Modal.Title className="sr">{t('palette:label')}</Modal.Title>
      <Spotlight.Search
        placeholder={t('palette:placeholder')}
        aria-label={t('palette:placeholder')}
        leftSection={<Search size={16} />}
      />
      <Spotlight.ActionsList {...scrolled}>
        {groups.map(([title, jumps]) => (
          <Spotlight.ActionsGroup key={title} label={title}>
            {jumps.map(({ to, label, note, icon: Icon }) => (
              <Spotlight.Action
                key={to}
                label={label}
                description={note}
                leftSection={<Icon size={15} />}
                onClick={() => navigate(to)}
              />
            ))}
          </Spotlight.ActionsGroup>
        ))}
        {groups.length === 0 && <Spotlight.Empty>{t('palette:nothing')}</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  )
}
