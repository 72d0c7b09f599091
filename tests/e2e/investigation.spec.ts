// SPDX-License-Identifier: Apache-2.0
//
// An investigation as an analyst does it by hand: from an alert of the queue to a closed case and an
// export that proves itself without the server. Every click is counted.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Locator, expect, test } from '@playwright/test'
import { baseUrl, colleague, freeAlert, getJson, openQueue, release, watchFaults } from './support'
import type { components } from './schema'

type Schemas = components['schemas']

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const binary = path.resolve(root, process.env.TILLWATCH_BIN ?? 'build/tillwatch')
const clicksMax = 12

const verify = (file: string) =>
  spawnSync(binary, ['cases', 'verify', file], { encoding: 'utf8', timeout: 60_000 })

test('from alert to closed case and verified export, in at most 12 clicks', async ({ page }) => {
  const alert = await freeAlert(page.request)
  const kim = await colleague(page, 'analyst', 'Kim Keller')
  const desk = kim.page
  const faults = watchFaults(desk)
  let clicks = 0
  const click = async (target: Locator) => {
    clicks += 1
    await target.click()
  }
  await openQueue(desk)

  // Look, take, and read what is known.
  await click(desk.locator(`[data-alert="${alert.alert_id}"]`))
  await expect(desk.getByTestId('sentence')).toHaveText(alert.sentence)
  await click(desk.getByRole('button', { name: 'Claim' }))
  await expect(desk.getByTestId('assignee')).toContainText('Kim Keller')
  await desk.getByRole('textbox', { name: 'Comment' }).fill('The same card again and again')
  await desk.keyboard.press('Control+Enter')
  await expect(desk.getByTestId('history')).toContainText('The same card again and again')

  // Two clicks open the case.
  await click(desk.getByRole('button', { name: 'Add to case' }))
  await click(desk.getByRole('dialog').getByRole('button', { name: 'Open a case' }))
  await expect(desk.getByTestId('case-title')).toContainText(alert.title)
  const caseId = decodeURIComponent(desk.url().split('/').at(-1) ?? '')
  await expect(desk.locator(`[data-alert="${alert.alert_id}"]`)).toBeVisible()

  // Evidence and a note.
  await desk.getByLabel('Drop files here, or choose them').setInputFiles({
    name: 'statement.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('I saw it happen at register 1.\n'),
  })
  await expect(desk.getByRole('link', { name: 'Download statement.txt' })).toBeVisible()

  // The verdict closes it, and with it the alert.
  await click(desk.getByRole('button', { name: 'Close case' }))
  await click(desk.locator('[data-reason="evidence_receipts"]'))
  await expect(desk.getByTestId('closing')).toContainText('Confirmed')

  await click(desk.getByRole('button', { name: 'Export' }))
  const download = desk.waitForEvent('download')
  await click(desk.getByRole('menuitem', { name: /^ZIP/ }))
  const file = test.info().outputPath(`${caseId}.zip`)
  await (await download).saveAs(file)
  expect(clicks).toBeLessThanOrEqual(clicksMax)
  console.log(`      ${clicks} clicks`)

  const proof = verify(file)
  expect(proof.status, `${proof.stdout}${proof.stderr}`).toBe(0)
  const closed = await getJson<Schemas['Case']>(kim.context.request, `/v1/cases/${caseId}`)
  expect(closed).toMatchObject({ state: 'CLOSED', verdict: 'CONFIRMED', attachment_n: 1 })
  const after = await getJson<Schemas['Alert']>(
    kim.context.request,
    `/v1/alerts/${encodeURIComponent(alert.alert_id)}`,
  )
  expect(after).toMatchObject({ status: 'CLOSED', verdict: { verdict: 'CONFIRMED' } })
  await expect(desk.getByTestId('timeline')).toContainText('exported it as ZIP')
  expect(faults).toEqual([])
  await release(page.request, caseId, alert.alert_id)
  await kim.context.close()
})

test('the PDF comes as a PDF', async ({ page }) => {
  const { items } = await getJson<Schemas['CasePage']>(page.request, '/v1/cases?limit=1')
  const reply = await page.request.get(`${baseUrl()}/v1/cases/${items[0]?.case_id}/export?form=pdf`)
  expect(reply.status()).toBe(200)
  expect(reply.headers()['content-type']).toContain('application/pdf')
  expect((await reply.body()).subarray(0, 5).toString()).toBe('%PDF-')
})
