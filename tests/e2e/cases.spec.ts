// SPDX-License-Identifier: Apache-2.0
import { type Page, expect, test } from '@playwright/test'
import { baseUrl, colleague, csrf, expectAccessible, freeAlert, watchFaults } from './support'
import type { components } from './schema'

type Case = components['schemas']['Case']

async function openCase(page: Page, title: string): Promise<Case> {
  const alert = await freeAlert(page.request)
  const reply = await page.request.post(`${baseUrl()}/v1/cases`, {
    headers: csrf,
    data: {
      title,
      subjects: [{ kind: 'EMPLOYEE', id: alert.employee_id }],
      transactions: alert.transaction_ids.slice(0, 1),
    },
  })
  expect(reply.status()).toBe(201)
  return (await reply.json()) as Case
}

test('a file holds subjects, tasks, money, referrals, evidence and notes', async ({ page }) => {
  const faults = watchFaults(page)
  const file = await openCase(page, 'Everything that a file holds')
  await page.goto(`${baseUrl()}/cases/${file.case_id}`)
  await page.getByRole('button', { name: 'Investigate' }).click()
  await expect(page.getByRole('button', { name: 'Investigate' })).toHaveCount(0)

  const subjects = page.getByRole('region', { name: 'Subjects' })
  await subjects.getByRole('textbox', { name: 'Id' }).fill('E00001')
  await subjects.getByRole('button', { name: 'Add' }).click()
  await expect(subjects.getByRole('link', { name: 'Employee E00001' })).toBeVisible()
  await subjects.getByRole('button', { name: 'Remove Employee E00001' }).click()
  await expect(subjects.getByRole('link', { name: 'Employee E00001' })).toHaveCount(0)

  const tasks = page.getByRole('region', { name: 'Tasks' })
  await tasks.getByPlaceholder('What is to be done').fill('Ask for the video of register 7')
  await tasks.getByRole('button', { name: 'Add a task' }).click()
  await tasks.getByRole('checkbox', { name: 'Ask for the video of register 7' }).check()
  await expect(tasks).toContainText('1 / 1')

  const money = page.getByRole('region', { name: 'Money' })
  await money.getByPlaceholder(/^Amount/).fill('120.50')
  await money.getByPlaceholder('Note').fill('Paid back')
  await money.getByRole('button', { name: 'Enter' }).click()
  await expect(money).toContainText('$120.50')

  const referrals = page.getByRole('region', { name: 'Referrals' })
  await referrals.getByPlaceholder('Reference').fill('HR-2026-17')
  await referrals.getByRole('button', { name: 'Refer' }).click()
  await expect(referrals).toContainText('HR-2026-17')

  const evidence = page.getByRole('region', { name: 'Evidence' })
  await evidence.getByLabel('Drop files here, or choose them').setInputFiles([
    { name: 'one.txt', mimeType: 'text/plain', buffer: Buffer.from('first\n') },
    { name: 'two.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\n1,2\n') },
  ])
  await expect(evidence.getByRole('link', { name: /^Download/ })).toHaveCount(2)
  await evidence.getByLabel('Drop files here, or choose them').setInputFiles({
    name: 'tool.exe',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from([0x4d, 0x5a, 0x90, 0, 3, 0, 0, 0]),
  })
  await expect(evidence.getByRole('alert')).toContainText('tool.exe')

  const timeline = page.getByRole('region', { name: 'Notes and timeline' })
  await timeline.getByRole('textbox', { name: 'Note' }).fill('Interview on Monday')
  await timeline.getByRole('button', { name: 'Send' }).click()
  await expect(timeline).toContainText('Interview on Monday')
  await expect(timeline).toContainText('entered $120.50 as recovered')
  await expect(page.getByRole('region', { name: 'Chain of custody' })).toContainText(
    `tillwatch cases verify ${file.case_id}.zip`,
  )
  // The one refusal above is what the browser reports.
  expect(faults.filter((fault) => !fault.includes('415') && !fault.includes('422'))).toEqual([])
})

test('closing a large case takes two people', async ({ page }) => {
  const file = await openCase(page, 'More than one person may decide')
  const path = `${baseUrl()}/cases/${file.case_id}`
  const lee = await colleague(page, 'manager', 'Lee Four Eyes')
  await page.goto(path)
  const money = page.getByRole('region', { name: 'Money' })
  await money.getByRole('textbox', { name: 'Kind' }).click()
  await page.getByRole('option', { name: 'Loss' }).click()
  await money.getByPlaceholder(/^Amount/).fill('9000')
  await money.getByRole('button', { name: 'Enter' }).click()
  await expect(money).toContainText('$9,000.00')
  await page.getByRole('button', { name: 'Close case' }).click()
  await expect(page.getByRole('dialog')).toContainText('a second person has to approve')
  await page.locator('[data-reason="evidence_video"]').click()
  await expect(page.getByText('Somebody else has to approve')).toBeVisible()

  await lee.page.goto(path)
  await lee.page.getByRole('button', { name: 'Reject' }).click()
  await lee.page.getByLabel('Why not yet').fill('The video is missing')
  await lee.page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click()
  await expect(lee.page.getByTestId('timeline')).toContainText('The video is missing')

  await page.reload()
  await page.getByRole('button', { name: 'Close case' }).click()
  await page.locator('[data-reason="evidence_video"]').click()
  await expect(page.getByText('Somebody else has to approve')).toBeVisible()
  await lee.page.reload()
  await lee.page.getByRole('button', { name: 'Approve' }).click()
  await lee.page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click()
  await expect(lee.page.getByTestId('closing')).toContainText('approved by Lee Four Eyes')
  await lee.context.close()
})

test('the list is filtered and searched', async ({ page }) => {
  const title = `Needle ${Date.now().toString(36)}`
  const file = await openCase(page, title)
  await page.goto(`${baseUrl()}/cases`)
  await expect(page.locator('[data-case]').first()).toBeVisible()
  await page.getByRole('searchbox', { name: 'Search cases' }).fill(title.split(' ')[1] ?? '')
  await expect(page.locator('[data-case]')).toHaveCount(1)
  await expect(page).toHaveURL(/q=/)
  await page.locator('[data-case]').click()
  await expect(page).toHaveURL(new RegExp(`/cases/${file.case_id}$`))
  await page.goBack()
  await page.getByRole('radiogroup', { name: 'State' }).getByText('Closed').click()
  await expect(page.getByRole('heading', { name: 'No case fits' })).toBeVisible()
  await page.getByRole('button', { name: 'Show all cases' }).click()
  await expect(page.locator('[data-case]').first()).toBeVisible()
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing in the cases, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const file = await openCase(page, `For all to use, ${colorScheme}`)
    await page.goto(`${baseUrl()}/cases`)
    await expect(page.locator('[data-case]').first()).toBeVisible()
    await expectAccessible(page)
    await page.goto(`${baseUrl()}/cases/${file.case_id}`)
    await expect(page.getByTestId('timeline')).toContainText('opened the case')
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Close case' }).click()
    await expect(page.locator('[data-reason]').first()).toBeVisible()
    await expectAccessible(page)
  })
}
