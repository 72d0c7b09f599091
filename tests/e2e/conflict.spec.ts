// SPDX-License-Identifier: Apache-2.0
//
// Two analysts at one alert: neither overwrites the other without being asked.
import { expect, test } from '@playwright/test'
import { act, baseUrl, colleague, expectAccessible, freeAlert, getJson } from './support'
import type { components } from './schema'

type Detail = components['schemas']['AlertDetail']

const alertPath = (id: string) => `/v1/alerts/${encodeURIComponent(id)}`

test('a verdict that somebody else gave meanwhile is shown, and left', async ({ page }) => {
  const alert = await freeAlert(page.request)
  const kim = await colleague(page, 'analyst', 'Kim Conflict')
  await kim.page.goto(`${baseUrl()}/alerts/${alert.alert_id}`)
  await kim.page.getByRole('button', { name: /^Refute/ }).click()
  const reason = kim.page.locator('[data-reason="expected_activity"]')
  await expect(reason).toBeVisible()
  await act(page.request, alert.alert_id, {
    action: 'verdict',
    verdict: 'CONFIRMED',
    reason: 'evidence_video',
    note: 'Camera 4',
  })
  await reason.click()
  const dialog = kim.page.getByRole('dialog', { name: 'Somebody was faster' })
  await expect(dialog).toContainText('Ada Admin')
  await expect(dialog).toContainText('Camera 4')
  await expectAccessible(kim.page)
  await dialog.getByRole('button', { name: 'Leave it as it is now' }).click()
  await expect(kim.page.getByTestId('verdict-state')).toContainText('Confirmed')
  const theirs = await getJson<Detail>(page.request, alertPath(alert.alert_id))
  expect(theirs.verdict).toMatchObject({ verdict: 'CONFIRMED', note: 'Camera 4' })
  await act(page.request, alert.alert_id, {
    action: 'verdict',
    verdict: 'INCONCLUSIVE',
    reason: 'reopened',
  })
  await kim.context.close()
})

test('whoever insists does it for what the alert is now', async ({ page }) => {
  const alert = await freeAlert(page.request)
  const lee = await colleague(page, 'manager', 'Lee Conflict')
  await lee.page.goto(`${baseUrl()}/alerts/${alert.alert_id}`)
  await lee.page.getByRole('button', { name: 'Escalate' }).click()
  await lee.page.getByRole('textbox', { name: 'Why' }).fill('Three stores are involved')
  await act(page.request, alert.alert_id, { action: 'assign', assignee: 'admin' })
  await lee.page.getByRole('dialog').getByRole('button', { name: 'Escalate' }).click()
  const dialog = lee.page.getByRole('dialog', { name: 'Somebody was faster' })
  await expect(dialog).toContainText('assigned it to Ada Admin')
  await dialog.getByRole('button', { name: 'Do mine all the same' }).click()
  await expect(lee.page.getByTestId('verdict-state')).toContainText('Escalated')
  expect((await getJson<Detail>(page.request, alertPath(alert.alert_id))).status).toBe('ESCALATED')
  await act(page.request, alert.alert_id, { action: 'deescalate' })
  await act(page.request, alert.alert_id, { action: 'assign', assignee: '' })
  await lee.context.close()
})
