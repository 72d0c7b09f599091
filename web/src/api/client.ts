// SPDX-License-Identifier: Apache-2.0
//
// The typed client of the HTTP interface. Types are generated from api/openapi.yaml; every failure
// is thrown as an ApiError that carries the server's own sentence.
import createClient from 'openapi-fetch'
import { t } from '../lib/i18n'
import type { components, paths } from './schema'

type Schemas = components['schemas']
export type Alert = Schemas['Alert']
export type AlertAction = Schemas['AlertAction']
export type AlertBrief = Schemas['AlertBrief']
export type AlertDetail = Schemas['AlertDetail']
export type AlertPage = Schemas['AlertPage']
export type AlertStatus = Schemas['AlertStatus']
export type AlertType = Schemas['AlertType']
export type Alarm = Schemas['Alarm']
export type Attribution = Schemas['Attribution']
export type Attributions = Schemas['Attributions']
export type AuditItem = Schemas['AuditPage']['items'][number]
export type Drift = Schemas['Drift']
export type BulkAction = Schemas['AlertBulkAction']
export type BulkResult = Schemas['BulkResult']
export type Case = Schemas['Case']
export type CaseAction = Schemas['CaseAction']
export type CaseBrief = Schemas['CaseBrief']
export type CasePage = Schemas['CasePage']
export type CaseRequest = Schemas['CaseRequest']
export type CaseState = Schemas['CaseState']
export type DriftBin = Schemas['DriftBin']
export type DriftInput = Schemas['DriftInput']
export type Employee = Schemas['Employee']
export type EntityKind = Schemas['EntityKind']
export type Feature = Schemas['FeatureList']['items'][number]
export type GateDecision = Schemas['GateDecision']
export type InputShare = Schemas['InputShare']
export type Interval = Schemas['Interval']
export type Line = Schemas['LineView']
export type Model = Schemas['Model']
export type ModelAttributions = Schemas['ModelAttributions']
export type ModelDetail = Schemas['ModelDetail']
export type ModelState = Schemas['ModelState']
export type Money = Schemas['Money']
export type PeerMeasure = Schemas['PeerMeasure']
export type Person = Schemas['Person']
export type PrecisionRow = Schemas['PrecisionRow']
export type Related = Schemas['Related']
export type RelatedTransaction = Schemas['RelatedTransaction']
export type ReliabilityBin = Schemas['ReliabilityBin']
export type Right = Schemas['Right']
export type SavedFilter = Schemas['SavedFilter']
export type Session = Schemas['Session']
export type Shadow = Schemas['Shadow']
export type ShareOf = Schemas['ShareOf']
export type Signal = Schemas['SignalList']['items'][number]
export type SimilarOutcomes = Schemas['SimilarOutcomes']
export type StaleProblem = Schemas['StaleProblem']
export type Store = Schemas['Store']
export type Subject = Schemas['Subject']
export type SubjectKind = Schemas['SubjectKind']
export type Summary = Schemas['Summary']
export type TimelineEntry = Schemas['TimelineEntry']
export type TransactionBrief = Schemas['TransactionBrief']
export type TransactionDetail = Schemas['TransactionDetail']
export type TransactionView = Schemas['TransactionView']
export type TrainingRun = Schemas['TrainingRun']
export type Trainings = Schemas['Trainings']
export type Trend = Schemas['Trend']
export type Unit = Schemas['Unit']
export type VerdictEvent = Schemas['VerdictEvent']
export type VerdictKind = Schemas['VerdictKind']
export type VerdictReason = Schemas['VerdictReason']
export type VerdictRequest = Schemas['VerdictRequest']
export type Watch = Schemas['Watch']
export type WatchWeek = Schemas['WatchWeek']

export class ApiError extends Error {
  readonly status: number
  readonly field: string | undefined
  // Of 412: what it is now, and what others did.
  readonly stale: StaleProblem | undefined
  // Of 422 of SQL: where in it.
  readonly line: number | undefined
  readonly column: number | undefined

  constructor(
    status: number,
    message: string,
    field?: string,
    stale?: StaleProblem,
    place?: Pick<Schemas['SqlProblem'], 'line' | 'column'>,
  ) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.field = field
    this.stale = stale
    this.line = place?.line
    this.column = place?.column
  }
}

export const api = createClient<paths>({
  headers: { 'X-Tillwatch-CSRF': '1', Accept: 'application/json' },
})

function errorFrom(error: unknown, response: Response): ApiError {
  if (typeof error === 'object' && error !== null && 'detail' in error) {
    const problem = error as Schemas['Problem']
    const stale = response.status === 412 ? (error as StaleProblem) : undefined
    const place = error as Schemas['SqlProblem']
    return new ApiError(response.status, problem.detail, problem.field, stale, place)
  }
  return new ApiError(response.status, t('states.status', { status: response.status }))
}

// Unwraps a reply: its data, or a thrown ApiError. Status 0 stands for "no connection".
export async function unwrap<T>(
  reply: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  let result
  try {
    result = await reply
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ApiError(0, t('states.unreachable'))
  }
  if (!result.response.ok) throw errorFrom(result.error, result.response)
  return result.data as T
}
