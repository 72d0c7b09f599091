// SPDX-License-Identifier: Apache-2.0
//
// Accounts, tokens, settings, the allow-list, rejected records and the audit trail, as an
// administrator works with them.
import { type Page, expect, test } from '@playwright/test'
import { baseUrl, csrf, expectAccessible, getJson, listAlerts, watchFaults } from './support'

const newPassword = 'a sentence that is easy to keep'

async function openAdmin(page: Page, part: string) {
  await page.goto(`${baseUrl()}/admin/${part}`)
  await expect(page.getByRole('heading', { name: 'Administration' })).toBeVisible()
}

test('somebody is invited, chooses a password, and is disabled again', async ({
  page,
  browser,
}) => {
  const faults = watchFaults(page)
  await openAdmin(page, 'users')
  await page.getByRole('button', { name: 'Invite somebody' }).click()
  const dialog = page.getByRole('dialog', { name: 'Invite somebody' })
  await dialog.getByRole('textbox', { name: /^Name( \*)?$/ }).fill('Grace Example')
  await dialog.getByRole('textbox', { name: 'User name' }).fill(`grace-${Date.now()}`)
  await dialog.getByRole('textbox', { name: 'Team' }).fill('North')
  await dialog.getByRole('button', { name: 'Create and show the link' }).click()
  const link = await page
    .getByRole('dialog', { name: 'Link for Grace Example' })
    .getByRole('textbox')
    .inputValue()
  await page.getByRole('button', { name: 'Close' }).last().click()
  await expect(page.getByRole('row', { name: /Grace Example/ })).toContainText('Invited')

  const other = await browser.newContext({ storageState: { cookies: [], origins: [] } })
  const theirs = await other.newPage()
  await theirs.goto(link)
  await theirs.getByRole('textbox', { name: 'New password' }).fill(newPassword)
  await theirs.getByRole('button', { name: 'Set the password and begin' }).click()
  await expect(theirs.locator('[data-alert]').first()).toBeVisible()
  expect(theirs.url()).not.toContain('setup')

  await page.reload()
  await expect(page.getByRole('row', { name: /Grace Example/ })).toContainText('Active')
  await page.getByRole('button', { name: 'Actions for Grace Example' }).click()
  await page.getByRole('menuitem', { name: 'Disable' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click()
  await expect(page.getByRole('row', { name: /Grace Example/ })).toContainText('Disabled')
  await theirs.reload()
  await expect(theirs.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await other.close()
  expect(faults).toEqual([])
})

test('wrong passwords are refused and then slowed down', async ({ browser }) => {
  const context = await browser.newContext({ storageState: { cookies: [], origins: [] } })
  const page = await context.newPage()
  await page.goto(`${baseUrl()}/`)
  for (let i = 0; i < 7; i++) {
    await page.getByRole('textbox', { name: 'User' }).fill('nobody-here')
    await page.getByRole('textbox', { name: 'Password', exact: true }).fill(`wrong ${i} password`)
    const reply = page.waitForResponse((response) => response.url().endsWith('/v1/session'))
    await page.getByRole('button', { name: 'Sign in' }).click()
    const status = (await reply).status()
    await expect(page.getByRole('alert')).toBeVisible()
    expect([401, 429]).toContain(status)
    if (status === 429) break
    expect(i, 'no sign-in was slowed down').toBeLessThan(6)
  }
  await expect(page.getByRole('alert')).toContainText(/wait|try again/i)
  await context.close()
})

test('a token is made, shown once, works within its rights, and is revoked', async ({
  page,
  playwright,
}) => {
  const name = `reader of figures ${Date.now()}`
  await openAdmin(page, 'tokens')
  await page.getByRole('button', { name: 'Create a token' }).click()
  const dialog = page.getByRole('dialog', { name: 'Create a token' })
  await dialog.getByRole('textbox', { name: /^Name( \*)?$/ }).fill(name)
  await dialog.getByRole('checkbox', { name: /^ingest/ }).uncheck()
  await dialog.getByRole('checkbox', { name: /^read/ }).check()
  await dialog.getByRole('button', { name: 'Create a token' }).click()
  const secret = await page
    .getByRole('dialog', { name: `Token ${name}` })
    .getByRole('textbox')
    .inputValue()
  const program = await playwright.request.newContext({
    extraHTTPHeaders: { Authorization: `Bearer ${secret}` },
    storageState: { cookies: [], origins: [] },
  })
  expect((await program.get(`${baseUrl()}/v1/summary`)).status()).toBe(200)
  expect((await program.get(`${baseUrl()}/v1/tokens`)).status()).toBe(403)
  await page.getByRole('button', { name: 'Close' }).last().click()
  await page.getByRole('button', { name: `Revoke ${name}` }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await expect(page.getByRole('row', { name: new RegExp(name) })).toContainText('Revoked')
  expect((await program.get(`${baseUrl()}/v1/summary`)).status()).toBe(401)
  await program.dispose()
})

test('settings are changed, and not over the change of somebody else', async ({
  page,
  request,
}) => {
  await page.goto(`${baseUrl()}/settings`)
  const limits = page.getByRole('region', { name: 'Deadlines and approval' })
  const normal = limits.getByRole('textbox', { name: /the rest within/ })
  await normal.fill('96')
  await limits.getByRole('button', { name: 'Save' }).click()
  await expect(limits.getByRole('status')).toHaveText('Saved')
  const settings = await getJson<{ sla_hours_normal: number }>(request, '/v1/settings')
  expect(settings.sla_hours_normal).toBe(96)
  // Somebody else changes it while this page is open.
  const other = await request.patch(`${baseUrl()}/v1/settings`, {
    headers: csrf,
    data: { sla_hours_normal: 80 },
  })
  expect(other.status()).toBe(200)
  await normal.fill('60')
  await limits.getByRole('button', { name: 'Save' }).click()
  await expect(limits.getByRole('alert')).toBeVisible()
  const kept = await getJson<{ sla_hours_normal: number }>(request, '/v1/settings')
  expect(kept.sla_hours_normal).toBe(80)
})

test('an entry of the allow-list is added and ended', async ({ page, request }) => {
  const { items } = await listAlerts(request, 'limit=1')
  const employee = items[0]?.employee_id ?? 'E0001'
  await page.goto(`${baseUrl()}/allow-list`)
  await page.getByRole('button', { name: 'Add an entry' }).first().click()
  const dialog = page.getByRole('dialog', { name: 'Add an entry' })
  await dialog.getByRole('textbox', { name: 'Id' }).fill(employee)
  await dialog.getByRole('textbox', { name: 'Reason' }).fill('Works the service desk')
  await dialog.getByRole('button', { name: 'Add an entry' }).click()
  const row = page.getByRole('row', { name: new RegExp(employee) })
  await expect(row).toContainText('In force')
  await row.getByRole('button', { name: /^End the entry/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'End' }).click()
  await expect(row).toHaveCount(0)
})

test('a rejected record is mended and taken in', async ({ page, request }) => {
  const broken = {
    transaction_id: `mend-${Date.now()}`,
    store_id: 'S0001',
    register_id: '1',
    employee_id: 'E0001',
    transaction_time: '2026-02-01T10:00:00Z',
    transaction_total: 'twelve',
    discount_amount: 0,
    refund_flag: 0,
    void_flag: 0,
    item_count: 1,
    payment_type: 'cash',
  }
  const reply = await request.post(`${baseUrl()}/v1/transactions`, { headers: csrf, data: broken })
  expect(reply.status()).toBe(422)
  await page.goto(`${baseUrl()}/rejected`)
  const row = page.getByRole('row').filter({ hasText: broken.transaction_id })
  await row.getByRole('button', { name: /^Mend/ }).click()
  const dialog = page.getByRole('dialog', { name: 'Mend and send again' })
  const mended = JSON.stringify({ ...broken, transaction_total: '12.00' })
  await dialog.getByRole('textbox', { name: 'Record as JSON' }).fill(mended)
  await dialog.getByRole('button', { name: 'Send again' }).click()
  await expect(page.getByText(`Record ${broken.transaction_id} was taken in`)).toBeVisible()
  await expect(row).toBeHidden()
  const taken = await request.get(`${baseUrl()}/v1/transactions/${broken.transaction_id}`)
  expect(taken.status()).toBe(200)
})

test('the audit trail is searched by the address', async ({ page }) => {
  await openAdmin(page, 'audit')
  await expect(page.getByRole('row').nth(1)).toBeVisible()
  await page.getByRole('textbox', { name: 'Who' }).fill('admin')
  await expect(page).toHaveURL(/actor=admin/)
  await page.getByRole('textbox', { name: 'Who' }).fill('nobody at all')
  await expect(page.getByRole('heading', { name: 'Nothing was found' })).toBeVisible()
})

test('the state of the data is shown', async ({ page }) => {
  await page.goto(`${baseUrl()}/data`)
  await expect(page.getByRole('region', { name: 'What is kept' })).toContainText('Journal')
  await expect(page.getByRole('region', { name: /Stores by how far/ })).toContainText('S0001')
})

const pages = [
  '/admin/users',
  '/admin/tokens',
  '/admin/audit',
  '/settings',
  '/allow-list',
  '/data',
  '/rejected',
]
for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing in the administration, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const path of pages) {
      await page.goto(`${baseUrl()}${path}`)
      await expect(page.getByRole('heading', { level: 1 }).first()).toBeVisible()
      await expect(
        page.locator('#main table, #main form, #main [role="status"]').first(),
      ).toBeVisible()
      await expectAccessible(page)
    }
  })
}
