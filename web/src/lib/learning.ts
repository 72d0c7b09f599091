// SPDX-License-Identifier: Apache-2.0
//
// Models, drift and attributions in words and levels.
import type { Attribution, Model, ModelState, TrainingRun, Trainings } from '../api/client'
import { formatCount, formatValue } from './format'

export const modelStateLabels: Record<ModelState, string> = {
  champion: 'Champion',
  challenger: 'Challenger',
  archived: 'Archived',
}

export const modelKindLabels: Record<Model['kind'], string> = {
  classifier: 'Classifier and outlier model',
  outlier: 'Outlier model',
}

// What verdicts said of the rows; null when the model learned from none.
export function labelText(rows: Model['rows']): string | null {
  const positive = rows?.positive ?? 0
  const negative = rows?.negative ?? 0
  if (positive + negative === 0) return null
  return `${formatCount(positive)} fraud, ${formatCount(negative)} honest by verdict`
}

export const outcomeLabels: Record<TrainingRun['outcome'], string> = {
  promoted: 'Promoted',
  challenger: 'Stays challenger',
  outlier: 'Outlier model only',
  unchanged: 'Nothing new',
  stopped: 'Stopped',
  failed: 'Failed',
}

type Running = NonNullable<Trainings['running']>

const stageLabels: Record<Running['stage'], string> = {
  replay: 'Reading the journal',
  fit: 'Training',
  gate: 'Comparing with the champion',
  done: 'Finishing',
}

export function stageText(running: Running): string {
  const text = stageLabels[running.stage]
  if (running.all === 0) return text
  return `${text}: ${formatCount(running.done)} of ${formatCount(running.all)}`
}

// The usual reading of the population stability index; what moved no more than it did among the
// training rows is no news.
export function psiLevel(
  psi: number | null,
  usual: number | null = 0,
): 'none' | 'low' | 'usual' | 'some' | 'high' {
  if (psi === null) return 'none'
  if (psi >= 0.1 && psi <= (usual ?? 0)) return 'usual'
  if (psi >= 0.25) return 'high'
  return psi >= 0.1 ? 'some' : 'low'
}

export const psiWords = {
  none: 'Not known',
  low: 'Alike',
  usual: 'Moves no more than it did in training',
  some: 'Somewhat changed',
  high: 'Drifted',
} as const

// "14; usual here 2, peers 1": the value beside what is usual, where something is known.
export function attributionText(item: Attribution, currency: string, locale?: string): string {
  const show = (value: number | null) => formatValue(value, item.unit, currency, locale)
  if (item.value === null) return 'not known for this transaction'
  const parts: string[] = []
  if (item.peer) {
    if (item.peer.own !== null) parts.push(`own normal ${show(item.peer.own)}`)
    if (item.peer.store_median !== null) parts.push(`store ${show(item.peer.store_median)}`)
    if (item.peer.peer_median !== null) parts.push(`peers ${show(item.peer.peer_median)}`)
  }
  return parts.length ? `${show(item.value)}; ${parts.join(', ')}` : show(item.value)
}
