// SPDX-License-Identifier: Apache-2.0
//
// The guide is a chunk of its own: whoever has data never fetches it.
import { Suspense, lazy } from 'react'
import { loadNamespaces } from '../../lib/i18n'

const Guide = lazy(async () => {
  const [{ FirstRun }] = await Promise.all([import('./FirstRun'), loadNamespaces(['firstrun'])])
  return { default: FirstRun }
})

export function FirstRunGuide() {
  return (
    <Suspense>
      <Guide />
    </Suspense>
  )
}
