// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@playwright/test'
import { baseUrl, expectAccessible } from './support'

test('without a session the portal says what to do', async ({ page }) => {
  await page.goto(`${baseUrl()}/alerts/A-1`)
  await expect(page.getByRole('heading', { name: 'You are not signed in' })).toBeVisible()
  await expectAccessible(page)
})

test('a wrong link is refused in a plain sentence', async ({ page }) => {
  await page.goto(`${baseUrl()}/#/setup/bad-link-0123456789abcdef`)
  await expect(page.getByRole('heading', { name: 'This link does not work' })).toBeVisible()
})
