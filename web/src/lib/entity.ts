// SPDX-License-Identifier: Apache-2.0
import type { Alert } from '../api/client'

// A card's token is long and means nothing to a person; its end is enough to tell two apart.
export function shortToken(token: string): string {
  return token.length > 12 ? `…${token.slice(-6)}` : token
}

// Whom an alert is about, in one line: "Employee E0412, card …9f2c31".
export function entityText(alert: Pick<Alert, 'entity' | 'employee_id' | 'register_id'>): string {
  const [first = '', second = ''] = alert.entity.id.split('|')
  switch (alert.entity.kind) {
    case 'employee':
      return alert.register_id
        ? `Employee ${first}, register ${alert.register_id}`
        : `Employee ${first}`
    case 'register':
      return alert.employee_id
        ? `Register ${alert.register_id ?? first}, employee ${alert.employee_id}`
        : `Register ${alert.register_id ?? first}`
    case 'account':
      return `Card ${shortToken(first)}`
    case 'employee_account':
      return `Employee ${first}, card ${shortToken(second)}`
    case 'employee_approver':
      return `Employee ${first}, approver ${second}`
    case 'employee_member':
      return `Employee ${first}, loyalty card ${shortToken(second)}`
    case 'store':
      return `Store ${first}`
    case 'transaction':
      return alert.employee_id ? `Employee ${alert.employee_id}` : `Transaction ${first}`
  }
}

// The card of an alert, if it is about one.
export function accountOf(alert: Pick<Alert, 'entity'>): string | null {
  const [first = null, second = null] = alert.entity.id.split('|')
  if (alert.entity.kind === 'account') return first
  return alert.entity.kind === 'employee_account' || alert.entity.kind === 'employee_member'
    ? second
    : null
}
