// SPDX-License-Identifier: Apache-2.0
//
// Signs in by the one-time link, once, for all tests after it.
import { expect, test } from '@playwright/test'

test('the one-time link signs in and leaves the address', async ({ page }) => {
  await page.goto(process.env.TILLWATCH_SETUP_LINK ?? '')
  await expect(page.getByRole('link', { name: 'Tillwatch' })).toBeVisible()
  await expect(page.locator('[data-alert]').first()).toBeVisible()
  expect(page.url()).not.toContain('setup')
  const cookie = (await page.context().cookies()).find(({ name }) => name === 'tillwatch_session')
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' })
  await page.context().storageState({ path: 'output/session.json' })
})
