// SPDX-License-Identifier: Apache-2.0
import AxeBuilder from '@axe-core/playwright'
import { type APIRequestContext, type Page, expect } from '@playwright/test'
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
