// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@playwright/test'
import { adminPassword, baseUrl, expectAccessible } from './support'

test('without a session the portal asks to sign in, and goes on where it was', async ({ page }) => {
  await page.goto(`${baseUrl()}/reference`)
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('textbox', { name: 'User' }).fill('admin')
  await page.getByLabel('Password', { exact: true }).fill(adminPassword)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('link', { name: 'Tillwatch' })).toBeVisible()
  await expect(page).toHaveURL(`${baseUrl()}/reference`)
})

test('a wrong password is refused in a plain sentence', async ({ page }) => {
  await page.goto(`${baseUrl()}/`)
  await page.getByRole('textbox', { name: 'User' }).fill('somebody')
  await page.getByLabel('Password', { exact: true }).fill('not this one, surely')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('alert')).toBeVisible()
})

test('a wrong link is refused in a plain sentence', async ({ page }) => {
  await page.goto(`${baseUrl()}/#/setup/bad-link-0123456789abcdef`)
  await expect(page.getByRole('heading', { name: 'This link does not work' })).toBeVisible()
})

test('the page speaks German when asked to', async ({ page }) => {
  await page.goto(`${baseUrl()}/?lang=de`)
  await expect(page.getByRole('heading', { name: 'Anmelden' })).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('lang', 'de')
})
