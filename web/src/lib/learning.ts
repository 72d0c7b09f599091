// SPDX-License-Identifier: Apache-2.0
//
// Models, drift and attributions in words and levels.
import type { Model, ModelState, TrainingRun, Trainings } from '../api/client'
import { formatCount } from './format'
import { t } from '../lib/i18n'

export const modelStateLabel = (state: ModelState) => t(`models:state.${state}`)
export const modelKindLabel = (kind: Model['kind']) => t(`models:kind.${kind}`)
export const outcomeLabel = (outcome: TrainingRun['outcome']) => t(`models:outcome.${outcome}`)

// What verdicts said of the rows; null when the model learned from none.
export function labelText(rows: Model['rows']): string | null {
  const positive = rows?.positive ?? 0
  const negative = rows?.negative ?? 0
  if (positive + negative === 0) return null
  return t('models:labels', { fraud: formatCount(positive), honest: formatCount(negative) })
}

type Running = NonNullable<Trainings['running']>

export function stageText(running: Running): string {
  const stage = t(`models:stage.${running.stage}`)
  if (running.all === 0) return stage
  return t('models:stageOf', {
    stage,
    done: formatCount(running.done),
    all: formatCount(running.all),
  })
}

// The usual reading of the population stability index; what moved no more than it did among the
// training rows is no news.
export type PsiLevel = 'none' | 'low' | 'usual' | 'some' | 'high'

export function psiLevel(psi: number | null, usual: number | null = 0): PsiLevel {
  if (psi === null) return 'none'
  if (psi >= 0.1 && psi <= (usual ?? 0)) return 'usual'
  if (psi >= 0.25) return 'high'
  return psi >= 0.1 ? 'some' : 'low'
}

export const psiWord = (level: PsiLevel) => t(`models:psi.${level}`)
