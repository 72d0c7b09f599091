// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib'
import { expect, test } from '@playwright/test'
import { baseUrl, expectAccessible, getStores, listAlerts, openQueue, watchFaults } from './support'

test('shows the alerts in the order of their rank', async ({ page, request }) => {
  const faults = watchFaults(page)
  const { items, total } = await listAlerts(request, 'status=OPEN&sort=rank')
  expect(total).toBeGreaterThan(0)
  await openQueue(page)
  await expect(page.getByTestId('total')).toHaveText(String(total))
  const shown = await page
    .locator('[data-alert]')
    .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-alert')))
  expect(shown.length).toBeGreaterThan(0)
  expect(shown).toEqual(items.slice(0, shown.length).map((alert) => alert.alert_id))
  const risks = items.map((alert) => alert.risk_score)
  expect(risks).toEqual([...risks].sort((a, b) => b - a))
  await expect(page.locator('[data-alert]').first()).toContainText(
    items[0]?.sentence ?? 'no sentence',
  )
  expect(faults).toEqual([])
})

test('filters by store, keeps the filter in the address and clears it', async ({
  page,
  request,
}) => {
  const stores = (await getStores(request)).items.filter((store) => store.alerts_open > 0)
  const store = stores.at(-1)
  if (!store) throw new Error('No store has an open alert')
  const { total } = await listAlerts(request, `status=OPEN&store_id=${store.store_id}`)
  await openQueue(page)
  await page.getByRole('textbox', { name: 'Store' }).click()
  await page.getByRole('option', { name: `${store.store_id} (` }).click()
  await expect(page).toHaveURL(new RegExp(`store_id=${store.store_id}`))
  await expect(page.getByTestId('total')).toHaveText(String(total))
  await page.reload()
  await expect(page.getByTestId('total')).toHaveText(String(total))
  await page.getByRole('button', { name: 'Clear', exact: true }).click()
  await expect(page).not.toHaveURL(/store_id/)
})

test('filters by status and says when nothing matches', async ({ page }) => {
  await openQueue(page)
  await page.getByRole('searchbox', { name: 'Search alerts' }).fill('zz-nothing-zz')
  await expect(page.getByRole('heading', { name: 'No alert matches' })).toBeVisible()
  await page.getByRole('button', { name: 'Show all open alerts' }).click()
  await expect(page.locator('[data-alert]').first()).toBeVisible()
  await page.getByRole('radiogroup', { name: 'View' }).getByText('All').click()
  await expect(page).toHaveURL(/status=ALL/)
})

test('moves, opens and returns by keyboard', async ({ page, request }) => {
  const { items } = await listAlerts(request, 'status=OPEN&sort=rank')
  test.skip(items.length < 2, 'needs two open alerts')
  await openQueue(page)
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('k')
  await page.keyboard.press('j')
  await expect(page.locator('[data-selected]')).toHaveAttribute(
    'data-alert',
    items[1]?.alert_id ?? '',
  )
  await page.keyboard.press('o')
  await expect(page).toHaveURL(new RegExp(`/alerts/${items[1]?.alert_id}$`))
  await expect(page.getByTestId('sentence')).toHaveText(items[1]?.sentence ?? '')
  await page.keyboard.press('k')
  await expect(page.getByTestId('sentence')).toHaveText(items[0]?.sentence ?? '')
  await page.keyboard.press('u')
  await expect(page.locator('[data-selected]')).toHaveAttribute(
    'data-alert',
    items[0]?.alert_id ?? '',
  )
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Help' })).toBeVisible()
})

test('allows no script but its own files', async ({ request }) => {
  const reply = await request.get(`${baseUrl()}/`)
  const policy = reply.headers()['content-security-policy'] ?? ''
  const scripts =
    /script-src ([^;]*)/.exec(policy)?.[1] ?? /default-src ([^;]*)/.exec(policy)?.[1] ?? ''
  expect(scripts.trim()).toBe("'self'")
})

test('the first load stays below 300 KB of compressed script', async ({ request }) => {
  const page = await (await request.get(`${baseUrl()}/`)).text()
  const paths = [...page.matchAll(/(?:src|href)="(\/[^"]+\.js)"/g)].map((match) => match[1])
  expect(paths.length).toBeGreaterThan(1)
  let bytes = 0
  for (const path of paths)
    bytes += gzipSync(await (await request.get(`${baseUrl()}${path}`)).body()).length
  expect(bytes).toBeLessThan(300_000)
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing in the queue, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await openQueue(page)
    await expectAccessible(page)
  })
}
