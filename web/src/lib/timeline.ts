// SPDX-License-Identifier: Apache-2.0
//
// The entries of a history as sentences. What an entry's details hold is said in docs/workflow.md;
// kinds that are not known here are shown by their name.
import type { TimelineEntry } from '../api/client'
import { formatBytes, formatMinor, formatMoment } from './format'
import { t } from './i18n'
import { label } from './vocabulary'

export interface EntryText {
  what: string
  // What somebody wrote.
  quote: string | null
}

type Details = TimelineEntry['details']
type NameOf = (user: string) => string

const text = (details: Details, name: string): string => {
  const value = details[name]
  return typeof value === 'string' ? value : ''
}
const count = (details: Details, name: string): number => {
  const value = details[name]
  return Array.isArray(value) ? value.length : 0
}
const time = (details: Details, name: string): string => {
  const value = text(details, name)
  return value ? formatMoment(value) : ''
}
const money = (details: Details, name: string, currency: string): string => {
  const value = details[name]
  return typeof value === 'number' ? formatMinor(value, currency) : ''
}

const verdicts = ['CONFIRMED', 'REFUTED', 'OPERATIONAL', 'INCONCLUSIVE'] as const

function verdictText(details: Details): string {
  const reason = text(details, 'reason')
  if (reason === 'reopened') return t('timeline:reopened')
  const kind = verdicts.find((verdict) => verdict === text(details, 'verdict'))
  if (!kind) return label(reason)
  return t('timeline:verdict', { verdict: t(`verdict.${kind}`), reason: label(reason) })
}

function alertText({ kind, details }: TimelineEntry, nameOf: NameOf): string | null {
  const assignee = text(details, 'assignee')
  switch (kind) {
    case 'alert.view':
      return t('timeline:viewed')
    case 'alert.assign':
      return assignee ? t('timeline:assigned', { name: nameOf(assignee) }) : t('timeline:freed')
    case 'alert.escalate':
      return assignee
        ? t('timeline:escalatedTo', { name: nameOf(assignee) })
        : t('timeline:escalated')
    case 'alert.deescalate':
      return t('timeline:deescalated')
    case 'alert.snooze':
      return t('timeline:snoozed', { time: time(details, 'until') })
    case 'alert.wake':
      return t('timeline:woken')
    case 'alert.comment':
      return t('timeline:commented')
    case 'alert.verdict':
    case 'verdict':
      return verdictText(details)
    default:
      return null
  }
}

function contentsText(details: Details): string {
  const parts = [
    count(details, 'alerts') && t('timeline:alerts', { count: count(details, 'alerts') }),
    count(details, 'transactions') &&
      t('timeline:transactions', { count: count(details, 'transactions') }),
    count(details, 'subjects') && t('timeline:subjects', { count: count(details, 'subjects') }),
  ]
  return parts.filter(Boolean).join(', ')
}

function editText(details: Details, nameOf: NameOf): string {
  const state = text(details, 'state')
  const owner = text(details, 'owner')
  const title = text(details, 'title')
  const parts = [
    title && t('timeline:titled', { title }),
    owner && t('timeline:owned', { name: nameOf(owner) }),
    state === 'INVESTIGATING' && t('timeline:investigating'),
    state === 'OPEN' && t('timeline:setOpen'),
  ]
  return parts.filter(Boolean).join('; ')
}

function taskText(details: Details, nameOf: NameOf): string {
  const title = text(details, 'title')
  if (details.done === true) return t('timeline:taskDone', { title })
  if (details.done === false) return t('timeline:taskAgain', { title })
  const assignee = text(details, 'assignee')
  return assignee
    ? t('timeline:taskFor', { title, name: nameOf(assignee) })
    : t('timeline:task', { title })
}

const moneyKinds = ['exposure', 'recovered', 'restitution'] as const
const referrals = ['hr', 'law_enforcement', 'civil'] as const

function moneyText(details: Details, currency: string): string {
  const kind = moneyKinds.find((name) => name === text(details, 'kind')) ?? 'exposure'
  return t(`timeline:money.${kind}`, { amount: money(details, 'amount_minor', currency) })
}

function caseText(
  { kind, details }: TimelineEntry,
  nameOf: NameOf,
  currency: string,
): string | null {
  switch (kind) {
    case 'case.open':
      return t('timeline:opened')
    case 'case.edit':
      return editText(details, nameOf)
    case 'case.add':
      return t('timeline:added', { what: contentsText(details) })
    case 'case.remove':
      return t('timeline:removed', { what: contentsText(details) })
    case 'case.note':
      return t('timeline:noted')
    case 'case.attach':
      return t('timeline:attached', {
        name: text(details, 'name'),
        size: formatBytes(Number(details.bytes ?? 0)),
      })
    case 'case.task':
      return taskText(details, nameOf)
    case 'case.money':
      return moneyText(details, currency)
    case 'case.refer': {
      const to = referrals.find((name) => name === text(details, 'to')) ?? 'civil'
      return t('timeline:referred', { to: t(`referral.${to}`) })
    }
    case 'case.submit':
      return t('timeline:submitted', { verdict: verdictText(details) })
    case 'case.approve':
      return t('timeline:approved')
    case 'case.reject':
      return t('timeline:rejected')
    case 'case.reopen':
      return t('timeline:caseReopened')
    case 'case.view':
      return t('timeline:caseViewed')
    case 'case.export':
      return t('timeline:exported', { form: text(details, 'form').toUpperCase() })
    default:
      return null
  }
}

export function entryText(entry: TimelineEntry, nameOf: NameOf, currency: string): EntryText {
  const { details } = entry
  return {
    what: alertText(entry, nameOf) ?? caseText(entry, nameOf, currency) ?? entry.kind,
    quote: text(details, 'text') || text(details, 'note') || null,
  }
}

// Looking is no news; it is shown on request.
export const isView = (entry: TimelineEntry) => entry.kind.endsWith('.view')
