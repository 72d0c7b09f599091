// SPDX-License-Identifier: Apache-2.0
import AxeBuilder from '@axe-core/playwright'
import { type APIRequestContext, type BrowserContext, type Page, expect } from '@playwright/test'
import type { components } from './schema'

type Schemas = components['schemas']

export const baseUrl = () => process.env.TILLWATCH_URL ?? ''
export const adminPassword = 'a long sentence for the first account'
export const csrf = { 'X-Tillwatch-CSRF': '1' }

// Faults that the browser reports are faults of the portal: every test fails on them.
export function watchFaults(page: Page): string[] {
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text())
  })
  return faults
}

export async function openQueue(page: Page, search = '') {
  await page.goto(`${baseUrl()}/${search}`)
  await expect(page.locator('[data-alert]').first()).toBeVisible()
}

export async function getJson<T>(request: APIRequestContext, path: string): Promise<T> {
  const reply = await request.get(`${baseUrl()}${path}`)
  expect(reply.status(), path).toBe(200)
  return (await reply.json()) as T
}

export const listAlerts = (request: APIRequestContext, query: string) =>
  getJson<Schemas['AlertPage']>(request, `/v1/alerts?${query}`)

export const getSummary = (request: APIRequestContext) =>
  getJson<Schemas['Summary']>(request, '/v1/summary')

export const getStores = (request: APIRequestContext) =>
  getJson<Schemas['StoreList']>(request, '/v1/stores')

export const getStore = (request: APIRequestContext, id: string) =>
  getJson<Schemas['Store']>(request, `/v1/stores/${encodeURIComponent(id)}`)

// All rules of axe, WCAG 2.2's target size included, which it leaves out by default.
export async function expectAccessible(page: Page) {
  const axe = new AxeBuilder({ page }).options({ rules: { 'target-size': { enabled: true } } })
  const { violations } = await axe.analyze()
  const found = violations.map((violation) => {
    const where = violation.nodes
      .slice(0, 3)
      .map((node) => `${node.target.join(' ')}: ${node.failureSummary ?? ''}`)
    return `${violation.id}: ${violation.help}\n  ${where.join('\n  ')}`
  })
  expect(found.join('\n')).toBe('')
}

// Makes the first account of a server of one's own and signs the browser in.
export async function setUp(page: Page, server: { url: string; link: string }) {
  const token = server.link.slice(server.link.lastIndexOf('/') + 1)
  const reply = await page.request.post(`${server.url}/v1/session`, {
    headers: csrf,
    data: { link_token: token, user: 'admin', name: 'Ada Admin', password: adminPassword },
  })
  expect(reply.status()).toBe(200)
}

// A colleague with an account and a browser of their own. The name says which test made it.
export async function colleague(
  page: Page,
  role: 'analyst' | 'manager',
  name: string,
): Promise<{ context: BrowserContext; page: Page; user: string }> {
  const user = `${name.toLowerCase().replaceAll(' ', '.')}.${Date.now().toString(36)}`
  const made = await page.request.post(`${baseUrl()}/v1/users`, {
    headers: csrf,
    data: { user_id: user, name, role, team: 'North' },
  })
  expect(made.status()).toBe(201)
  const { link } = (await made.json()) as { link: { link_token: string } }
  const browser = page.context().browser()
  if (!browser) throw new Error('There is no browser')
  const context = await browser.newContext({ storageState: { cookies: [], origins: [] } })
  const signed = await context.request.post(`${baseUrl()}/v1/session`, {
    headers: csrf,
    data: { link_token: link.link_token, password: adminPassword },
  })
  expect(signed.status()).toBe(200)
  return { context, page: await context.newPage(), user }
}

// Does something to an alert as another program would.
export async function act(request: APIRequestContext, alertId: string, data: object) {
  const path = `${baseUrl()}/v1/alerts/${encodeURIComponent(alertId)}/actions`
  const reply = await request.post(path, { headers: csrf, data })
  expect(reply.status(), await reply.text()).toBe(200)
}

// Takes an alert out of its case, open or closed, for the tests that follow.
export async function release(request: APIRequestContext, caseId: string, alertId: string) {
  const path = `${baseUrl()}/v1/cases/${encodeURIComponent(caseId)}/actions`
  const post = (data: object) => request.post(path, { headers: csrf, data })
  await post({ action: 'reopen', note: 'For the next test' })
  expect((await post({ action: 'remove', alerts: [alertId] })).status()).toBe(200)
  const { items } = await listAlerts(request, `status=CLOSED&q=${encodeURIComponent(alertId)}`)
  if (items.length > 0)
    await act(request, alertId, { action: 'verdict', verdict: 'INCONCLUSIVE', reason: 'reopened' })
  await act(request, alertId, { action: 'assign', assignee: '' })
}

// An open alert that is in no case, the least of the list so that others find theirs unchanged.
export async function freeAlert(request: APIRequestContext): Promise<Schemas['Alert']> {
  const { items } = await listAlerts(request, 'status=OPEN&sort=rank&snoozed=false&limit=200')
  const alert = items.filter((item) => item.case_id === null && item.employee_id !== null).at(-1)
  if (!alert) throw new Error('No open alert is free')
  return alert
}
