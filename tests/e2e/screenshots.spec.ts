// SPDX-License-Identifier: Apache-2.0
//
// Pictures for people to look at, in output/ (not compared: fonts differ between machines). What is
// checked is that no page scrolls sideways.
import { type APIRequestContext, expect, test } from '@playwright/test'
import { baseUrl, getStores, listAlerts } from './support'

const sizes = [
  { width: 390, height: 844 },
  { width: 820, height: 1180 },
  { width: 1440, height: 900 },
  { width: 2560, height: 1440 },
]

// Every page, with something to show on it.
async function pagesOf(request: APIRequestContext): Promise<Record<string, string>> {
  const { items } = await listAlerts(request, 'sort=rank')
  const alert = items.find((item) => item.employee_id !== null) ?? items[0]
  const store = (await getStores(request)).items[0]?.store_id ?? ''
  return {
    queue: '/',
    alert: `/alerts/${alert?.alert_id}`,
    cases: '/cases',
    search: '/search',
    sql: '/search/sql',
    dashboard: '/dashboard',
    stores: '/stores',
    store: `/stores/${store}`,
    employee: `/employees/${alert?.employee_id}`,
    transaction: `/transactions/${alert?.transaction_ids[0]}`,
    signals: '/signals',
    backtest: '/backtest',
    models: '/models',
    health: '/model-health',
    reference: '/reference',
    data: '/data',
    rejected: '/rejected',
    'allow-list': '/allow-list',
    settings: '/settings',
    users: '/admin/users',
    tokens: '/admin/tokens',
    audit: '/admin/audit',
  }
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const viewport of sizes) {
    test(`pages at ${viewport.width}, ${colorScheme}`, async ({ page, request }) => {
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      for (const [name, path] of Object.entries(await pagesOf(request))) {
        await page.goto(`${baseUrl()}${path}`)
        await expect(page.locator('#main h1').first()).toBeVisible()
        await expect(page.locator('#main [aria-busy="true"]')).toHaveCount(0)
        await page.evaluate(() => document.fonts.ready)
        await page.screenshot({ path: `output/${name}-${viewport.width}-${colorScheme}.png` })
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - window.innerWidth,
        )
        expect(overflow, `${name} scrolls sideways`).toBeLessThanOrEqual(0)
      }
    })
  }
}
