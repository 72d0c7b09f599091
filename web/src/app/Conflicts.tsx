// SPDX-License-Identifier: Apache-2.0
import { Suspense, lazy, useSyncExternalStore } from 'react'
import { currentQuestion, onQuestion } from '../lib/conflict'
import { loadNamespaces } from '../lib/i18n'

const ConflictDialog = lazy(async () => {
  const [dialog] = await Promise.all([import('./ConflictDialog'), loadNamespaces(['timeline'])])
  return { default: dialog.ConflictDialog }
})

// Shows the question of a command that met somebody else's change.
export function Conflicts() {
  const question = useSyncExternalStore(onQuestion, currentQuestion)
  if (!question) return null
  return (
    <Suspense>
      <ConflictDialog problem={question.problem} onAnswer={question.answer} />
    </Suspense>
  )
}
