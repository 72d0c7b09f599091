// SPDX-License-Identifier: Apache-2.0
//
// The work on alerts: views, bulk actions, saved filters, snoozing, comments, and the keyboard alone.
import { expect, test } from '@playwright/test'
import {
  act,
  baseUrl,
  colleague,
  expectAccessible,
  freeAlert,
  getJson,
  listAlerts,
  openQueue,
  release,
  watchFaults,
} from './support'
import type { components } from './schema'

type Schemas = components['schemas']

const rowOf = (id: string) => `[data-alert="${id}"]`

test('assigns several alerts at once and finds them in the views', async ({ page }) => {
  const lee = await colleague(page, 'manager', 'Lee Bulk')
  const { items } = await listAlerts(page.request, 'status=OPEN&assignee=none&snoozed=false')
  const picked = items.slice(-2)
  await openQueue(page, '?assignee=none')
  for (const alert of picked)
    await page.getByRole('checkbox', { name: `Select ${alert.alert_id}` }).check()
  await expect(page.getByTestId('ticked')).toHaveText('2 selected')
  await page.getByRole('button', { name: 'Assign' }).click()
  await page.locator(`[data-user="${lee.user}"]`).click()
  await expect(page.getByText('2 alerts changed.')).toBeVisible()
  for (const alert of picked) await expect(page.locator(rowOf(alert.alert_id))).toHaveCount(0)

  await lee.page.goto(`${baseUrl()}/`)
  await lee.page.getByRole('radiogroup', { name: 'View' }).getByText('Mine').click()
  await expect(lee.page.locator('[data-alert]')).toHaveCount(picked.length)
  await expect(lee.page).toHaveURL(/assignee=me/)
  for (const alert of picked)
    await act(page.request, alert.alert_id, { action: 'assign', assignee: '' })
  await lee.context.close()
})

test('puts an alert to sleep and wakes it up', async ({ page }) => {
  const alert = await freeAlert(page.request)
  await page.goto(`${baseUrl()}/alerts/${alert.alert_id}`)
  await page.getByRole('button', { name: 'Snooze' }).click()
  await page.getByRole('button', { name: /^Tomorrow morning/ }).click()
  await expect(page.getByRole('button', { name: 'Wake up' })).toBeVisible()
  const awake = await listAlerts(page.request, 'status=OPEN&snoozed=false&limit=200')
  expect(awake.items.map((item) => item.alert_id)).not.toContain(alert.alert_id)
  await page.goto(`${baseUrl()}/?snoozed=true`)
  await expect(page.locator(rowOf(alert.alert_id))).toContainText('sleeps until')
  await page.locator(rowOf(alert.alert_id)).click()
  await page.getByRole('button', { name: 'Wake up' }).click()
  await expect(page.getByRole('button', { name: 'Snooze' })).toBeVisible()
})

test('saves a filter, shares it, and a colleague uses it', async ({ page }) => {
  const kim = await colleague(page, 'analyst', 'Kim Filter')
  const name = `Refunds ${Date.now().toString(36)}`
  await openQueue(page, '?status=ALL&type=VOID_REFUND')
  await page.getByRole('button', { name: 'Saved filters' }).click()
  await page.getByRole('button', { name: 'Save this filter…' }).click()
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Share it with everybody').check()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByRole('dialog')).toBeHidden()

  await openQueue(kim.page)
  await kim.page.getByRole('button', { name: 'Saved filters' }).click()
  await kim.page.getByRole('button', { name, exact: true }).click()
  await expect(kim.page).toHaveURL(/type=VOID_REFUND/)
  await page.getByRole('button', { name: 'Saved filters' }).click()
  await page.getByRole('button', { name: `Remove ${name}` }).click()
  await expect(page.getByRole('button', { name, exact: true })).toHaveCount(0)
  await kim.context.close()
})

test('the next best alert goes to whoever asks first', async ({ page }) => {
  const { items } = await listAlerts(
    page.request,
    'status=OPEN&assignee=none&snoozed=false&sort=rank',
  )
  await openQueue(page)
  await page.getByRole('button', { name: 'Next best alert' }).click()
  await expect(page).toHaveURL(new RegExp(`/alerts/${items[0]?.alert_id}$`))
  await expect(page.getByTestId('assignee')).toContainText('Ada Admin')
  await act(page.request, items[0]?.alert_id ?? '', { action: 'assign', assignee: '' })
})

test('a comment names a colleague', async ({ page }) => {
  const lee = await colleague(page, 'manager', 'Lee Mention')
  const alert = await freeAlert(page.request)
  await page.goto(`${baseUrl()}/alerts/${alert.alert_id}`)
  const box = page.getByRole('textbox', { name: 'Comment' })
  await box.pressSequentially('Please look at camera 4, @lee.men')
  await expect(page.getByRole('option')).toHaveCount(1)
  await page.keyboard.press('Enter')
  await expect(box).toHaveValue(`Please look at camera 4, @${lee.user} `)
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByTestId('history')).toContainText(`@${lee.user}`)
  const path = `/v1/alerts/${encodeURIComponent(alert.alert_id)}/history`
  const { items } = await getJson<Schemas['TimelinePage']>(page.request, path)
  const comment = items.find((entry) => entry.kind === 'alert.comment')
  expect(comment?.details.mentions).toEqual([lee.user])
  await lee.context.close()
})

test('an investigation by keyboard alone', async ({ page }) => {
  const faults = watchFaults(page)
  const alert = await freeAlert(page.request)
  await page.goto(`${baseUrl()}/?q=${encodeURIComponent(alert.alert_id)}`)
  await expect(page.locator('[data-alert]')).toHaveCount(1)
  await page.keyboard.press('j')
  await page.keyboard.press('c')
  await expect(page.locator(rowOf(alert.alert_id))).toContainText('Assigned')
  await page.keyboard.press('o')
  await expect(page.getByTestId('verdict-state')).toContainText('In review')
  await page.keyboard.press('m')
  await page.keyboard.type('Seen on camera 4')
  await page.keyboard.press('Control+Enter')
  await expect(page.getByTestId('history')).toContainText('Seen on camera 4')
  await page.keyboard.press('Escape')
  await page.getByTestId('sentence').evaluate(() => (document.activeElement as HTMLElement).blur())
  await page.keyboard.press('f')
  await expect(page.getByRole('dialog').getByRole('button', { name: 'Open a case' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('case-title')).toBeVisible()
  const caseId = decodeURIComponent(page.url().split('/').at(-1) ?? '')
  await page.goBack()
  await page.keyboard.press('r')
  await expect(page.locator('[data-reason="expected_activity"]')).toBeFocused()
  await page.keyboard.press('1')
  await expect(page.getByTestId('verdict-state')).toContainText('Refuted')
  // Keys rest while the verdict's dialog closes and its undo is not ready.
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(
    page.getByTestId('verdict-state').getByRole('button', { name: 'Undo' }),
  ).not.toHaveAttribute('data-loading')
  await page.keyboard.press('z')
  await expect(page.getByTestId('verdict-state')).not.toContainText('Refuted')
  await page.keyboard.press('u')
  await expect(page.locator('[data-selected]')).toHaveAttribute('data-alert', alert.alert_id)
  await release(page.request, caseId, alert.alert_id)
  expect(faults).toEqual([])
})

test('the palette leads to pages, alerts and stores', async ({ page }) => {
  const { items } = await listAlerts(page.request, 'status=OPEN&sort=rank')
  const alert = items[0]
  await openQueue(page)
  await page.keyboard.press('Control+k')
  const field = page.getByRole('textbox', { name: /^Alert, case/ })
  await field.fill(alert?.alert_id ?? '')
  await page.getByRole('button', { name: alert?.sentence.slice(0, 30) }).click()
  await expect(page).toHaveURL(new RegExp(`/alerts/${alert?.alert_id}$`))
  await page.keyboard.press('Control+k')
  await expect(field).toBeVisible()
  await expectAccessible(page)
  await field.fill('cases')
  await page.getByRole('button', { name: 'Cases', exact: true }).click()
  await expect(page).toHaveURL(/\/cases$/)
})

test('speaks German when it is chosen, and the account keeps it', async ({ page }) => {
  const kim = await colleague(page, 'analyst', 'Kim Deutsch')
  const faults = watchFaults(kim.page)
  await openQueue(kim.page)
  await kim.page.getByRole('button', { name: 'Account' }).click()
  await kim.page.getByRole('menuitem', { name: 'Deutsch' }).click()
  await expect(kim.page.getByRole('heading', { level: 1, name: 'Alarme' })).toBeVisible()
  await expect(kim.page.locator('html')).toHaveAttribute('lang', 'de')
  await kim.page.locator('[data-alert]').first().click()
  await expect(kim.page.getByRole('heading', { name: 'Warum er gemeldet wurde' })).toBeVisible()
  const session = await getJson<Schemas['Session']>(kim.context.request, '/v1/session')
  expect(session.locale).toBe('de')
  expect(faults).toEqual([])
  await kim.context.close()
})
