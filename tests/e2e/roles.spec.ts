// SPDX-License-Identifier: Apache-2.0
//
// What each role sees: pages that it is offered, pages that it is refused, and ids or pseudonyms.
import { type Browser, type Page, expect, test } from '@playwright/test'
import { baseUrl, csrf, listAlerts } from './support'

const password = 'correct horse battery staple'

interface View {
  role: string
  offered: string[]
  hidden: string[]
  mayDecide: boolean
  seesNames: boolean
}

const views: View[] = [
  {
    role: 'read-only',
    offered: ['Queue', 'Cases', 'Dashboard', 'Stores', 'Models'],
    hidden: ['Administration'],
    mayDecide: false,
    seesNames: false,
  },
  {
    role: 'analyst',
    offered: ['Queue', 'Cases', 'Search', 'Dashboard'],
    hidden: ['Administration'],
    mayDecide: true,
    seesNames: true,
  },
  {
    role: 'manager',
    offered: ['Queue', 'Cases', 'Search', 'Dashboard', 'Signals', 'Settings'],
    hidden: ['Administration'],
    mayDecide: true,
    seesNames: true,
  },
]

// Makes the account through the interface and signs in with it in a browser of its own.
async function signInAs(page: Page, browser: Browser, role: string) {
  const user = `view-${role}-${Date.now()}`
  const made = await page.request.post(`${baseUrl()}/v1/users`, {
    headers: csrf,
    data: { user_id: user, name: `View of ${role}`, role },
  })
  expect(made.status()).toBe(201)
  const { link } = (await made.json()) as { link: { link_token: string } }
  const context = await browser.newContext({ storageState: { cookies: [], origins: [] } })
  const signed = await context.request.post(`${baseUrl()}/v1/session`, {
    headers: csrf,
    data: { link_token: link.link_token, password },
  })
  expect(signed.status()).toBe(200)
  return context
}

for (const view of views) {
  test(`the portal of a ${view.role}`, async ({ page, browser, request }) => {
    const { items } = await listAlerts(request, 'status=OPEN&limit=50')
    const alert = items.find((item) => item.employee_id !== null)
    expect(alert).toBeDefined()
    const context = await signInAs(page, browser, view.role)
    const theirs = await context.newPage()
    await theirs.goto(`${baseUrl()}/`)
    await expect(theirs.locator('[data-alert]').first()).toBeVisible()
    const nav = theirs.getByRole('navigation', { name: 'Pages' }).first()
    for (const name of view.offered)
      await expect(nav.getByRole('link', { name, exact: true })).toBeVisible()
    for (const name of view.hidden)
      await expect(nav.getByRole('link', { name, exact: true })).toHaveCount(0)
    await theirs.goto(`${baseUrl()}/admin/users`)
    await expect(theirs.getByRole('heading', { name: 'You may not see this' })).toBeVisible()

    await theirs.goto(`${baseUrl()}/alerts/${alert?.alert_id}`)
    await expect(theirs.getByTestId('sentence')).toBeVisible()
    const confirm = theirs.getByRole('button', { name: /^Confirm/ })
    if (view.mayDecide) await expect(confirm.first()).toBeVisible()
    else await expect(confirm).toHaveCount(0)
    const body = await theirs.locator('#main').innerText()
    expect(body.includes(alert?.employee_id ?? '')).toBe(view.seesNames)
    await context.close()
  })
}
