// SPDX-License-Identifier: Apache-2.0
//
// The one-time link makes the first account and signs in with it, once, for all tests after it.
import { expect, test } from '@playwright/test'
import { adminPassword } from './support'

test('the set-up link makes the first account and leaves the address', async ({ page }) => {
  await page.goto(process.env.TILLWATCH_SETUP_LINK ?? '')
  await expect(page.getByRole('heading', { name: 'Make the first account' })).toBeVisible()
  await page.getByRole('textbox', { name: /^User/ }).fill('admin')
  await page.getByRole('textbox', { name: /^Your name/ }).fill('Ada Admin')
  await page.getByLabel(/^New password/).fill(adminPassword)
  await page.getByRole('button', { name: 'Set the password and begin' }).click()
  await expect(page.locator('[data-alert]').first()).toBeVisible()
  expect(page.url()).not.toContain('setup')
  const cookie = (await page.context().cookies()).find(({ name }) => name === 'tillwatch_session')
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' })
  await page.context().storageState({ path: 'output/session.json' })
})
