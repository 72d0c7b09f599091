// SPDX-License-Identifier: Apache-2.0
//
// The command palette (Ctrl+K). Its code is fetched when it is first asked for.
import { useHotkeys } from '@mantine/hooks'
import { type ReactNode, Suspense, lazy, useCallback, useState } from 'react'
import { loadNamespaces } from '../../lib/i18n'

const load = () => import('./CommandPalette')
const CommandPalette = lazy(async () => {
  const [module] = await Promise.all([load(), loadNamespaces(['palette'])])
  return { default: module.CommandPalette }
})

export function usePalette(): { palette: ReactNode; openPalette: () => void } {
  const [isWanted, setWanted] = useState(false)
  const openPalette = useCallback(() => {
    setWanted(true)
    // When it is there already, it only has to open.
    if (isWanted) void load().then((module) => module.openPalette())
  }, [isWanted])
  useHotkeys([['mod+K', openPalette]], [])
  const palette = isWanted && (
    <Suspense>
      <CommandPalette />
    </Suspense>
  )
  return { palette, openPalette }
}
