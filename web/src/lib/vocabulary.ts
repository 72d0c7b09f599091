// SPDX-License-Identifier: Apache-2.0
//
// The wire's words as people say them.
import type { AlertStatus, AlertType, EntityKind, VerdictKind } from '../api/client'

export const alertTypeLabels: Record<AlertType, string> = {
  DISCOUNT: 'Discount',
  VOID_REFUND: 'Void and refund',
  EMPLOYEE: 'Employee',
  TIME: 'Time',
  CROSS_STORE: 'Cross-store',
  INVENTORY: 'Inventory',
}

export const alertStatusLabels: Record<AlertStatus, string> = {
  NEW: 'New',
  ASSIGNED: 'Assigned',
  IN_REVIEW: 'In review',
  ESCALATED: 'Escalated',
  CLOSED: 'Closed',
}

export const verdictLabels: Record<VerdictKind, string> = {
  CONFIRMED: 'Confirmed',
  REFUTED: 'Refuted',
  OPERATIONAL: 'Operational',
  INCONCLUSIVE: 'Inconclusive',
}

export const verdictVerbs: Record<VerdictKind, string> = {
  CONFIRMED: 'Confirm',
  REFUTED: 'Refute',
  OPERATIONAL: 'Operational',
  INCONCLUSIVE: 'Inconclusive',
}

export const verdictHelp: Record<VerdictKind, string> = {
  CONFIRMED: 'A loss was caused on purpose',
  REFUTED: 'Nothing wrong happened',
  OPERATIONAL: 'A training or process fault, no intent',
  INCONCLUSIVE: 'It cannot be decided',
}

export const verdictKeys: Record<VerdictKind, string> = {
  CONFIRMED: 'c',
  REFUTED: 'r',
  OPERATIONAL: 'p',
  INCONCLUSIVE: 'i',
}

export const verdictOrder: VerdictKind[] = ['CONFIRMED', 'REFUTED', 'OPERATIONAL', 'INCONCLUSIVE']

export const entityKindLabels: Record<EntityKind, string> = {
  transaction: 'Transaction',
  employee: 'Employee',
  register: 'Register',
  store: 'Store',
  account: 'Card',
  employee_account: 'Employee and card',
  employee_approver: 'Employee and approver',
  employee_member: 'Employee and loyalty card',
}

// "post_void" -> "Post-void"; other names of the wire read well with spaces.
export function label(name: string): string {
  if (name === 'post_void') return 'Post-void'
  if (name === 'no_sale') return 'No-sale'
  if (name === 'paid_in') return 'Paid-in'
  if (name === 'paid_out') return 'Paid-out'
  const words = name.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
