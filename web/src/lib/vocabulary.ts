// SPDX-License-Identifier: Apache-2.0
//
// The wire's words as people say them, in the reader's language.
import type { AlertStatus, AlertType, EntityKind, VerdictKind } from '../api/client'
import { t } from './i18n'
import { serverText } from './serverText'

export const alertTypeLabel = (type: AlertType) => t(`alertType.${type}`)
export const alertStatusLabel = (status: AlertStatus) => t(`alertStatus.${status}`)
export const verdictLabel = (kind: VerdictKind) => t(`verdict.${kind}`)
export const verdictVerb = (kind: VerdictKind) => t(`verdictVerb.${kind}`)
export const verdictHelp = (kind: VerdictKind) => t(`verdictHelp.${kind}`)
export const entityKindLabel = (kind: EntityKind) => t(`entityKind.${kind}`)

export const verdictKeys: Record<VerdictKind, string> = {
  CONFIRMED: 'y',
  REFUTED: 'r',
  OPERATIONAL: 'p',
  INCONCLUSIVE: 'i',
}

export const verdictOrder: VerdictKind[] = ['CONFIRMED', 'REFUTED', 'OPERATIONAL', 'INCONCLUSIVE']

// A lower-case name of the wire: the word for it where there is one, else the name with spaces.
export function label(name: string): string {
  const words = name.replaceAll('_', ' ')
  const plain = words.charAt(0).toUpperCase() + words.slice(1)
  if (!/^[a-z_]+$/.test(name)) return plain
  return t(`words.${name}` as 'words.sale', { defaultValue: serverText(plain) })
}

// A reason as the settings call it; the built-in titles are known in every language.
export const reasonLabel = ({ title }: { title: string }): string => serverText(title)
