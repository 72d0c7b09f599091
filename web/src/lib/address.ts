// SPDX-License-Identifier: Apache-2.0
//
// Where things are in the portal.
import { alertsPath } from './filters'

const path = (...parts: string[]) => `/${parts.map(encodeURIComponent).join('/')}`

export const alertAddress = (id: string) => path('alerts', id)
export const caseAddress = (id: string) => path('cases', id)
export const transactionAddress = (id: string) => path('transactions', id)
export const employeeAddress = (id: string) => path('employees', id)
export const storeAddress = (id: string) => path('stores', id)
export const registerAddress = (store: string, id: string) => path('stores', store, 'registers', id)
export const cardAddress = (token: string) => path('cards', token)
export const itemAddress = (sku: string) => path('items', sku)
export const customerAddress = (id: string) => path('customers', id)

// The queue with the alerts behind a figure: a query of GET /v1/alerts.
export const queueAddress = (filter: string | Record<string, string>) =>
  alertsPath(new URLSearchParams(filter).toString())

export const searchAddress = (fields: Record<string, string>) =>
  `/search?${new URLSearchParams(fields)}`
