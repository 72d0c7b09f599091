// SPDX-License-Identifier: Apache-2.0
import type { Alert, Subject } from '../api/client'
import { t } from './i18n'

// A card's token is long and means nothing to a person; its end is enough to tell two apart.
export function shortToken(token: string): string {
  return token.length > 12 ? `…${token.slice(-6)}` : token
}

// Whom an alert is about, in one line: "Employee E0412, card …9f2c31".
export function entityText(alert: Pick<Alert, 'entity' | 'employee_id' | 'register_id'>): string {
  const [id = '', second = ''] = alert.entity.id.split('|')
  const { employee_id: employee, register_id: register } = alert
  switch (alert.entity.kind) {
    case 'employee':
      return register
        ? t('entity.employeeRegister', { id, other: register })
        : t('entity.employee', { id })
    case 'register':
      return employee
        ? t('entity.registerEmployee', { id: register ?? id, other: employee })
        : t('entity.register', { id: register ?? id })
    case 'account':
      return t('entity.card', { id: shortToken(id) })
    case 'employee_account':
      return t('entity.employeeCard', { id, other: shortToken(second) })
    case 'employee_approver':
      return t('entity.employeeApprover', { id, other: second })
    case 'employee_member':
      return t('entity.employeeMember', { id, other: shortToken(second) })
    case 'store':
      return t('entity.store', { id })
    case 'transaction':
      return employee ? t('entity.employee', { id: employee }) : t('entity.transaction', { id })
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

// Whom a case about the alert would be about.
export function subjectsOf(
  alert: Pick<Alert, 'entity' | 'employee_id' | 'register_id' | 'store_id'>,
): Subject[] {
  const [id = '', second = ''] = alert.entity.id.split('|')
  switch (alert.entity.kind) {
    case 'employee':
      return [{ kind: 'EMPLOYEE', id }]
    case 'register':
      return [{ kind: 'REGISTER', id: id.includes('/') ? id : `${alert.store_id}/${id}` }]
    case 'account':
      return [{ kind: 'CARD', id }]
    case 'employee_account':
      return [
        { kind: 'EMPLOYEE', id },
        { kind: 'CARD', id: second },
      ]
    case 'employee_approver':
      return [
        { kind: 'EMPLOYEE', id },
        { kind: 'EMPLOYEE', id: second },
      ]
    case 'employee_member':
      return [
        { kind: 'EMPLOYEE', id },
        { kind: 'CUSTOMER', id: second },
      ]
    case 'store':
      return [{ kind: 'STORE', id }]
    case 'transaction':
      return alert.employee_id ? [{ kind: 'EMPLOYEE', id: alert.employee_id }] : []
  }
}
