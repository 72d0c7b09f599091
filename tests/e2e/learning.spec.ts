// SPDX-License-Identifier: Apache-2.0
//
// Models and their health: a copy of the champion is imported as challenger, withdrawn, promoted and
// rolled back, as an administrator would do it.
import { type Page, expect, test } from '@playwright/test'
import { baseUrl, csrf, expectAccessible, getJson, listAlerts, watchFaults } from './support'
import type { components } from './schema'

type Schemas = components['schemas']

const listModels = async (page: Page) =>
  (await getJson<Schemas['ModelList']>(page.request, '/v1/models')).items

async function champion(page: Page) {
  const model = (await listModels(page)).find((item) => item.state === 'champion')
  if (!model) throw new Error('There is no champion')
  return model
}

async function confirm(page: Page, name: RegExp, reason: string) {
  const dialog = page.getByRole('dialog')
  const button = dialog.getByRole('button', { name })
  await expect(button).toBeDisabled()
  await dialog.getByLabel('Reason').fill(reason)
  await button.click()
  await expect(dialog).toBeHidden()
}

const stateOf = (page: Page, id: string) => page.locator(`tr[data-model="${id}"]`)

test('imports, withdraws, promotes and rolls back a model', async ({ page }) => {
  const faults = watchFaults(page)
  const first = await champion(page)
  const known = (await listModels(page)).map((model) => model.id)
  const file = await page.request.get(`${baseUrl()}/v1/models/${first.id}/file`)
  await page.goto(`${baseUrl()}/models`)
  await expect(page.getByTestId('model')).toContainText(first.id)

  await page.getByLabel('Model file').setInputFiles({
    name: 'copy.twm',
    mimeType: 'application/octet-stream',
    buffer: await file.body(),
  })
  await expect(page.getByRole('heading', { name: 'Champion and challenger' })).toBeVisible()
  const copy = (await listModels(page)).find((model) => model.state === 'challenger')
  if (!copy) throw new Error('There is no challenger')
  expect(known).not.toContain(copy.id)

  await page.getByRole('button', { name: 'Withdraw' }).click()
  await confirm(page, /Withdraw/, 'A test of the shadow')
  await expect(stateOf(page, copy.id)).toContainText('Archived')

  await page.getByRole('button', { name: `Promote ${copy.id}` }).click()
  await confirm(page, /Promote/, 'A test of promotion')
  await expect(stateOf(page, copy.id)).toContainText('Champion')
  expect((await champion(page)).reason).toBe('A test of promotion')

  await page.getByRole('button', { name: 'Roll back' }).click()
  await confirm(page, /Roll back/, 'Back to what was')
  await expect(stateOf(page, first.id)).toContainText('Champion')
  await stateOf(page, copy.id).getByRole('link').click()
  await expect(page).toHaveURL(new RegExp(`model=${copy.id}`))
  await expect(page.getByTestId('model')).toContainText('A test of promotion')
  expect(faults).toEqual([])
})

test('says why a foreign file is no model, and changes nothing', async ({ page }) => {
  const before = await listModels(page)
  await page.goto(`${baseUrl()}/models`)
  await page.getByLabel('Model file').setInputFiles({
    name: 'notes.twm',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from('nothing of the kind'),
  })
  await expect(page.getByRole('alert')).toContainText(/\w+ .+\./)
  expect(await listModels(page)).toEqual(before)
})

test('shows the model card, and trains on demand', async ({ page }) => {
  await page.goto(`${baseUrl()}/models`)
  await page.getByRole('button', { name: 'Model card' }).click()
  await expect(page.getByRole('dialog')).toContainText((await champion(page)).id)
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
  await page.getByRole('button', { name: 'Train now' }).click()
  const trained = async () => {
    const state = await getJson<Schemas['Trainings']>(page.request, '/v1/trainings')
    return state.state === 'idle' ? state.history[0]?.started_by : undefined
  }
  await expect.poll(trained, { timeout: 90_000 }).toBe('admin')
  await expect(page.getByText(/^Last training/)).toContainText(/:/)
  await expect(page.getByRole('button', { name: 'Train now' })).toBeEnabled()
})

test('shows drift, precision and what changed', async ({ page }) => {
  const faults = watchFaults(page)
  const { items } = await listAlerts(page.request, 'status=OPEN&sort=rank')
  const last = items.at(-1)
  if (!last) throw new Error('There is no open alert')
  const judge = (verdict: string, reason: string) =>
    page.request.post(`${baseUrl()}/v1/verdicts`, {
      headers: csrf,
      data: { alert_id: last.alert_id, verdict, reason },
    })
  expect((await judge('REFUTED', 'expected_activity')).status()).toBe(201)
  await page.goto(`${baseUrl()}/model-health`)
  await expect(page.getByRole('heading', { name: 'Model health' })).toBeVisible()
  await expect(page.getByLabel(/^Precision over \d+ weeks/)).toBeVisible()
  const watch = await getJson<Schemas['Watch']>(page.request, '/v1/watch')
  expect(watch.weeks.some((week) => week.precision.n > 0)).toBe(true)
  if (watch.drift) {
    const second = watch.drift.inputs[1]
    await page.getByRole('button', { name: second?.title, exact: true }).first().click()
    await expect(page).toHaveURL(new RegExp(`input=${second?.input}`))
    await expect(page.getByTestId('input-detail')).toContainText(second?.title ?? 'no title')
  }
  expect((await judge('INCONCLUSIVE', 'reopened')).status()).toBe(201)
  expect(faults).toEqual([])
})

test('a drawn transaction is judged from the page', async ({ page }) => {
  const before = await getJson<Schemas['AuditPage']>(page.request, '/v1/audit-sample')
  test.skip(before.items.length === 0, 'this server draws nothing for audit')
  await page.goto(`${baseUrl()}/model-health`)
  const sample = page.getByRole('group', { name: 'Audit sample' })
  await sample
    .getByRole('button', { name: /^Refute/ })
    .first()
    .click()
  await page.locator('[data-reason="expected_activity"]').click()
  await expect
    .poll(
      async () => (await getJson<Schemas['AuditPage']>(page.request, '/v1/audit-sample')).decided,
    )
    .toBe(before.decided + 1)
})

test('an alert tells what each figure added to its score', async ({ page }) => {
  const { items } = await listAlerts(page.request, 'status=OPEN&sort=rank')
  const path = `/v1/alerts/${encodeURIComponent(items[0]?.alert_id ?? '')}`
  const { attributions } = await getJson<Schemas['AlertDetail']>(page.request, path)
  const model = attributions?.classifier ?? attributions?.outlier
  if (!model) throw new Error('The alert has no attributions')
  const sum = model.items.reduce((total, item) => total + item.contribution, model.others)
  expect(model.base + sum).toBeCloseTo(model.score, 4)
  await page.goto(`${baseUrl()}/alerts/${encodeURIComponent(items[0]?.alert_id ?? '')}`)
  const list = page.getByTestId('attributions')
  await expect(list).toContainText(model.items[0]?.title ?? 'no title')
  await expect(list).toContainText('others')
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing in the dialogs, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.goto(`${baseUrl()}/models`)
    await page.getByRole('button', { name: 'Roll back' }).click()
    await expect(page.getByRole('dialog')).toBeVisible()
    await expectAccessible(page)
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toBeHidden()
    await expect(page.getByRole('button', { name: 'Roll back' })).toBeFocused()
  })
}
