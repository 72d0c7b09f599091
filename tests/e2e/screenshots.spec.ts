// SPDX-License-Identifier: Apache-2.0
//
// Pictures for people to look at, in output/ (not compared: fonts differ between machines). What is
// checked is that no page scrolls sideways.
import { expect, test } from '@playwright/test'
import { baseUrl, listAlerts } from './support'

const sizes = [
  { width: 390, height: 844 },
  { width: 820, height: 1180 },
  { width: 1440, height: 900 },
  { width: 2560, height: 1440 },
]

for (const colorScheme of ['light', 'dark'] as const) {
  for (const viewport of sizes) {
    test(`pages at ${viewport.width}, ${colorScheme}`, async ({ page, request }) => {
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const { items } = await listAlerts(request, 'status=OPEN&sort=rank')
      const pages = {
        queue: '/',
        alert: `/alerts/${encodeURIComponent(items[0]?.alert_id ?? '')}`,
        models: '/models',
        health: '/model-health',
      }
      const shown: Record<string, string> = {
        queue: '[data-alert]',
        models: '[data-testid="model"]',
      }
      for (const [name, path] of Object.entries(pages)) {
        await page.goto(`${baseUrl()}${path}`)
        await expect(page.locator(shown[name] ?? '[data-chart] canvas').first()).toBeVisible()
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
