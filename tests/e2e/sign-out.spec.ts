// SPDX-License-Identifier: Apache-2.0
//
// The last of the tests: it ends the session that the others share.
import { expect, test } from '@playwright/test'
import { baseUrl, openQueue } from './support'

test('signing out ends the session', async ({ page }) => {
  await openQueue(page)
  await page.getByRole('button', { name: 'Account' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  expect((await page.request.get(`${baseUrl()}/v1/alerts`)).status()).toBe(401)
})
