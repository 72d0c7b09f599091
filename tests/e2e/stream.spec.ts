// SPDX-License-Identifier: Apache-2.0
import { type APIRequestContext, expect, test } from '@playwright/test'
import { baseUrl, csrf, getStore, getStores, getSummary, openQueue } from './support'

// Somebody with many transactions and no alert so far: what follows is new.
async function pickEmployee(request: APIRequestContext) {
  for (const { store_id } of (await getStores(request)).items) {
    const { employees } = await getStore(request, store_id)
    const quiet = employees.filter(
      (employee) => employee.alerts === 0 && employee.transactions_28d >= 100,
    )
    if (quiet[0]) return { store_id, employee_id: quiet[0].employee_id }
  }
  throw new Error('Everybody has an alert')
}

// A cashier who pays out one no-receipt cash refund after the other.
async function refundSpree(request: APIRequestContext, n: number): Promise<string> {
  const { store_id, employee_id } = await pickEmployee(request)
  const last = Date.parse(
    (await getSummary(request)).last_transaction_time ?? '2026-01-05T12:00:00Z',
  )
  const stamp = Date.now().toString(36)
  return Array.from({ length: n }, (_, index) =>
    JSON.stringify({
      transaction_id: `E2E-${stamp}-${index}`,
      transaction_type: 'return',
      store_id,
      register_id: 'E2E',
      employee_id,
      transaction_time: new Date(last + (index + 1) * 45_000).toISOString(),
      transaction_total: '-180.00',
      discount_amount: 0,
      refund_flag: 1,
      void_flag: 0,
      item_count: 1,
      payment_type: 'cash',
      lines: [
        {
          sku: '4006381333931',
          department: 'electronics',
          quantity: -1,
          unit_price: '180.00',
          return_flag: 1,
          entry_method: 'keyed',
        },
      ],
      tenders: [{ type: 'cash', amount: '-180.00' }],
    }),
  ).join('\n')
}

test('figures and alerts arrive by themselves, and rows do not jump', async ({ page, request }) => {
  await openQueue(page)
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  const before = await getSummary(request)
  const firstRow = await page.locator('[data-alert]').first().getAttribute('data-alert')

  const n = 40
  const reply = await request.post(`${baseUrl()}/v1/transactions`, {
    headers: { ...csrf, 'Content-Type': 'application/x-ndjson' },
    data: await refundSpree(request, n),
  })
  expect(reply.status()).toBe(200)
  const results = (await reply.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { alert_id: string | null })
  expect(results).toHaveLength(n)

  await expect
    .poll(async () =>
      Number((await page.getByTestId('figure-transactions').textContent())?.replaceAll(',', '')),
    )
    .toBe(before.transactions + n)
  const alertIds = [
    ...new Set(results.map((result) => result.alert_id).filter((id) => id !== null)),
  ]
  expect(alertIds.length).toBeGreaterThan(0)
  const pill = page.getByTestId('arrivals')
  await expect(pill).toContainText('new alert')
  expect(await page.locator('[data-alert]').first().getAttribute('data-alert')).toBe(firstRow)
  await pill.click()
  await expect(pill).toBeHidden()
  await page.goto(`${baseUrl()}/?q=${encodeURIComponent(alertIds[0] ?? '')}`)
  await expect(page.locator(`[data-alert="${alertIds[0]}"]`)).toBeVisible()
})

test('a lost connection is said, and heals', async ({ page }) => {
  await openQueue(page)
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  let isDown = true
  let attemptN = 0
  await page.route('**/v1/events', (route) => {
    attemptN++
    return isDown ? route.abort() : route.continue()
  })
  await page.reload()
  await expect(page.getByRole('alert')).toContainText('No connection to the server')
  const before = attemptN
  await page.getByRole('button', { name: 'Reconnect now' }).click()
  await expect.poll(() => attemptN).toBeGreaterThan(before)
  isDown = false
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  await expect(page.getByRole('alert')).toBeHidden()
})
