// SPDX-License-Identifier: Apache-2.0
//
// An empty system leads to its first transactions; a server that goes away is waited for.
import { rmSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import { type Server, makeDirectory, startServer } from './server'
import { expectAccessible, setUp } from './support'

let server: Server

test.use({ storageState: { cookies: [], origins: [] } })

test.beforeEach(async () => {
  server = await startServer(makeDirectory())
})

test.afterEach(async () => {
  await server.stop()
  rmSync(server.directory, { recursive: true, force: true })
})

const sale = (n: number) =>
  JSON.stringify({
    transaction_id: `first-${n}`,
    store_id: 'S0001',
    register_id: '1',
    employee_id: 'E0001',
    transaction_time: new Date(Date.UTC(2026, 0, 5, 9, n)).toISOString(),
    transaction_total: n === 3 ? 'three' : '12.50',
    discount_amount: 0,
    refund_flag: 0,
    void_flag: 0,
    item_count: 1,
    payment_type: 'cash',
  })

test('an empty system takes a file from the browser', async ({ page }) => {
  await setUp(page, server)
  await page.goto(`${server.url}/`)
  await expect(
    page.getByRole('heading', { name: 'Give Tillwatch its first transactions' }),
  ).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Create a token' }).click()
  await expect(page.getByText(/Bearer tw_[0-9a-f]+/)).toBeVisible()
  const lines = Array.from({ length: 20 }, (_, n) => sale(n)).join('\n')
  await page.locator('input[type="file"]').setInputFiles({
    name: 'sales.ndjson',
    mimeType: 'application/x-ndjson',
    buffer: Buffer.from(lines),
  })
  await expect(page.getByTestId('figure-transactions')).toHaveText('19')
  await page.goto(`${server.url}/rejected`)
  await expect(page.getByRole('row').filter({ hasText: 'first-3' })).toBeVisible()
})

test('the live stream comes back after a restart of the server, with the session', async ({
  page,
}) => {
  await setUp(page, server)
  await page.goto(`${server.url}/`)
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  await server.stop()
  await expect(page.getByText('Offline', { exact: true })).toBeVisible()
  await expect(page.getByRole('alert')).toContainText('No connection to the server')
  server = await startServer(server.directory, Number(new URL(server.url).port))
  await expect(page.getByText('Live', { exact: true })).toBeVisible({ timeout: 60_000 })
  await expect(page.getByRole('alert')).toBeHidden()
  await page.reload()
  await expect(page.getByRole('link', { name: 'Tillwatch' })).toBeVisible()
})

test('a page that could not be fetched comes when the server is back', async ({ page }) => {
  await setUp(page, server)
  await page.goto(`${server.url}/`)
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  await server.stop()
  await page.getByRole('link', { name: 'Reference' }).click()
  await expect(page.getByRole('heading', { name: 'This page could not be shown' })).toBeVisible()
  await expect(page.getByText('Offline', { exact: true })).toBeVisible()
  server = await startServer(server.directory, Number(new URL(server.url).port))
  await expect(page.getByRole('heading', { name: 'Signals and features', level: 1 })).toBeVisible({
    timeout: 60_000,
  })
})
