// SPDX-License-Identifier: Apache-2.0
//
// Pictures for people to look at, in output/ (not compared: fonts differ between machines). What is
// checked is that no page scrolls sideways.
import { type APIRequestContext, expect, test } from '@playwright/test'
import { baseUrl, listAlerts } from './support'

const sizes = [
  { width: 390, height: 844 },
  { width: 820, height: 1180 },
  { width: 1440, height: 900 },
  { width: 2560, height: 1440 },
]

// The pages of work and administration, with something to show; those of insight are in
// insight.spec.ts.
async function pagesOf(request: APIRequestContext): Promise<Record<string, string>> {
  const { items } = await listAlerts(request, 'sort=rank')
  return {
    queue: '/',
    alert: `/alerts/${items[0]?.alert_id}`,
    cases: '/cases',
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
        const overflow = await page.evaluate(() => {
          const main = document.querySelector('main')
          const inner = main ? main.scrollWidth - main.clientWidth : 0
          return Math.max(inner, document.documentElement.scrollWidth - window.innerWidth)
        })
        expect(overflow, `${name} scrolls sideways`).toBeLessThanOrEqual(0)
        if (viewport.width > 800) {
          const below = await page.evaluate((isWhole) => {
            const main = isWhole ? document.querySelector('main') : null
            const inner = main ? main.scrollHeight - main.clientHeight : 0
            return Math.max(inner, document.documentElement.scrollHeight - window.innerHeight)
          }, name === 'alert') // a page with a scrolling part of its own
          expect(below, `${name}: the frame scrolls`).toBeLessThanOrEqual(0)
        }
      }
    })
  }
}
