// SPDX-License-Identifier: Apache-2.0
import { type Page, expect, test } from '@playwright/test'
import { baseUrl, expectAccessible, listAlerts, watchFaults } from './support'

async function openAlert(page: Page, index = 0) {
  const { items } = await listAlerts(page.request, 'status=OPEN&sort=rank')
  const alert = items[index] ?? items[0]
  if (!alert) throw new Error('There is no open alert')
  await page.goto(`${baseUrl()}/alerts/${encodeURIComponent(alert.alert_id)}`)
  await expect(page.getByTestId('sentence')).toHaveText(alert.sentence)
  return alert
}

const isPainted = (canvas: HTMLCanvasElement) => {
  const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? {
    data: [],
  }
  return data.some((value, index) => index % 4 === 3 && value > 0)
}

test('shows receipt, charts, reasons and history on one screen', async ({ page }) => {
  const faults = watchFaults(page)
  const alert = await openAlert(page)
  await expect(page.getByTestId('receipt')).toContainText('Total')
  await expect(page.getByRole('heading', { name: 'Why it was raised' })).toBeVisible()
  await expect(page.getByText(alert.reasons[0]?.title ?? 'no reason').first()).toBeVisible()
  await expect(
    page.getByRole('heading', { name: 'What similar alerts turned out to be' }),
  ).toBeVisible()
  const canvases = page.locator('[data-chart] canvas')
  await expect(canvases.first()).toBeVisible()
  expect(await canvases.count()).toBeGreaterThanOrEqual(2)
  for (const canvas of await canvases.all()) {
    await expect.poll(() => canvas.evaluate(isPainted)).toBe(true)
  }
  expect(faults).toEqual([])
})

test('confirms with a reason, and undoes it', async ({ page }) => {
  const alert = await openAlert(page)
  const state = page.getByTestId('verdict-state')
  await page.keyboard.press('y')
  const form = page.getByRole('dialog', { name: /Confirm/ })
  await form.getByLabel('Note (optional)').fill('Seen on camera 4')
  await form.getByLabel(/Recovered amount/).fill('12.5')
  await form.locator('[data-reason="evidence_video"]').click()
  await expect(state).toContainText('Confirmed')
  await expect(state).toContainText('$12.50')
  const path = `${baseUrl()}/v1/alerts/${encodeURIComponent(alert.alert_id)}`
  expect(await (await page.request.get(path)).json()).toMatchObject({
    status: 'CLOSED',
    verdict: {
      verdict: 'CONFIRMED',
      reason: 'evidence_video',
      note: 'Seen on camera 4',
      recovered: { amount: '12.50' },
    },
  })
  await state.getByRole('button', { name: 'Undo' }).click()
  await expect(state).not.toContainText('Confirmed')
  expect(await (await page.request.get(path)).json()).toMatchObject({
    status: 'NEW',
    verdict: null,
  })
})

test('refutes from the queue by keyboard alone', async ({ page }) => {
  const { items, total } = await listAlerts(page.request, 'status=OPEN&sort=rank')
  const last = items.at(-1)
  if (!last) throw new Error('There is no open alert')
  await page.goto(`${baseUrl()}/?q=${encodeURIComponent(last.alert_id)}`)
  await expect(page.locator('[data-alert]')).toHaveCount(1)
  await page.keyboard.press('j')
  await page.keyboard.press('r')
  await expect(page.getByRole('dialog')).toContainText('Choose the reason')
  await expect(page.locator('[data-reason="expected_activity"]')).toBeFocused()
  await page.keyboard.press('1')
  await expect(page.locator('[data-alert]').first()).toContainText('Refuted')
  expect((await listAlerts(page.request, 'status=OPEN')).total).toBe(total - 1)
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(async () => (await listAlerts(page.request, 'status=OPEN')).total).toBe(total)
})

test('leads to employee, store and transaction', async ({ page }) => {
  const faults = watchFaults(page)
  const { items } = await listAlerts(page.request, 'status=OPEN&sort=rank')
  const alert = items.find((item) => item.employee_id !== null)
  if (!alert?.employee_id) throw new Error('No open alert has an employee')
  await page.goto(`${baseUrl()}/employees/${encodeURIComponent(alert.employee_id)}`)
  await expect(page.getByRole('heading', { name: `Employee ${alert.employee_id}` })).toBeVisible()
  await expect(page.locator(`a[href="/alerts/${alert.alert_id}"]`).first()).toBeVisible()
  await page.goto(`${baseUrl()}/stores/${encodeURIComponent(alert.store_id)}`)
  await expect(page.getByRole('heading', { name: `Store ${alert.store_id}` })).toBeVisible()
  await page.goto(`${baseUrl()}/transactions/${encodeURIComponent(alert.transaction_ids[0] ?? '')}`)
  await expect(page.getByTestId('receipt')).toContainText('Total')
  await expect(page.getByRole('heading', { name: 'Features at that moment' })).toBeVisible()
  await page.goto(`${baseUrl()}/reference`)
  await expect(page.getByRole('table')).toContainText('Hits, 28 days')
  expect(faults).toEqual([])
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing on the alert, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await openAlert(page)
    await expect(page.locator('[data-chart] canvas').first()).toBeVisible()
    await expectAccessible(page)
    await page.keyboard.press('y')
    await expect(page.getByRole('dialog')).toBeVisible()
    await expectAccessible(page)
  })

  test(`axe finds nothing on the other pages, ${colorScheme}`, async ({ page }) => {
    test.setTimeout(300_000)
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const { items } = await listAlerts(page.request, 'status=OPEN&sort=rank')
    const alert = items.find((item) => item.employee_id !== null)
    const paths = [
      `/employees/${encodeURIComponent(alert?.employee_id ?? '')}`,
      `/stores/${encodeURIComponent(alert?.store_id ?? '')}`,
      `/transactions/${encodeURIComponent(alert?.transaction_ids[0] ?? '')}`,
      '/stores',
      '/reference',
      '/models',
      '/model-health',
      '/reference?view=features',
      '/rejected',
      '/alerts/no-such-alert',
    ]
    for (const path of paths) {
      await page.goto(`${baseUrl()}${path}`)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await expectAccessible(page)
    }
  })
}
