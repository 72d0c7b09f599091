// SPDX-License-Identifier: Apache-2.0
//
// What managers look at: figures that lead to their alerts, signals that are tried before they are
// changed, any transaction by any field, SQL, and the pages of whatever a receipt names.
import { type Page, expect, test } from '@playwright/test'
import { readFileSync } from 'node:fs'
import type { components } from './schema'
import { baseUrl, csrf, expectAccessible, getJson, listAlerts, watchFaults } from './support'

type Schemas = components['schemas']

const go = (page: Page, path: string) => page.goto(`${baseUrl()}${path}`)
const inPath = encodeURIComponent

async function judge(page: Page, alertId: string, verdict: string, reason: string) {
  const data = { alert_id: alertId, verdict, reason }
  const reply = await page.request.post(`${baseUrl()}/v1/verdicts`, { headers: csrf, data })
  expect(reply.status()).toBe(201)
}

const search = async (page: Page, data: Schemas['SearchRequest']) => {
  const reply = await page.request.post(`${baseUrl()}/v1/search`, { headers: csrf, data })
  expect(reply.status()).toBe(200)
  return (await reply.json()) as Schemas['SearchPage']
}

test.describe('dashboard', () => {
  test('shows the server’s figures, and leads to the alerts behind them', async ({ page }) => {
    const faults = watchFaults(page)
    const { items } = await listAlerts(page.request, 'status=OPEN&sort=created')
    const judged = items[0]?.alert_id ?? ''
    await judge(page, judged, 'CONFIRMED', 'evidence_receipts')
    const summary = await getJson<Schemas['MetricsSummary']>(page.request, '/v1/metrics/summary')
    expect(summary.figures.alerts).toBeGreaterThan(0)
    await go(page, '/dashboard')
    const card = page.locator('[data-figure="alerts"]')
    await expect(card.getByRole('link')).toHaveText(summary.figures.alerts.toLocaleString('en-US'))
    await expect(page.locator('[data-figure="saved"]')).toContainText('estimate')
    await expect(page.locator('[data-figure="recovered"]')).toContainText('verified')
    await card.getByRole('link').click()
    await expect(page.locator('[data-alert]').first()).toBeVisible()
    const { total } = await listAlerts(page.request, summary.filters.alerts)
    expect(total).toBe(summary.figures.alerts)
    expect(summary.figures.confirmed).toBeGreaterThan(0)
    await judge(page, judged, 'INCONCLUSIVE', 'reopened')
    expect(faults).toEqual([])
  })

  test('keeps period, filters and measure in the address', async ({ page }) => {
    await go(page, '/dashboard')
    await page.getByText('7 days', { exact: true }).click()
    await expect(page).toHaveURL(/days=7/)
    await page.getByText('Money', { exact: true }).click()
    await expect(page).toHaveURL(/measure=money/)
    await page.getByRole('textbox', { name: 'Store' }).click()
    const option = page.getByRole('option').first()
    const store = await option.textContent()
    await option.click()
    await expect(page).toHaveURL(new RegExp(`store_id=${store}`))
    const narrow = page.waitForResponse((reply) => reply.url().includes('/v1/metrics/summary?'))
    await page.reload()
    expect((await narrow).url()).toContain(`store_id=${store}`)
    await expect(page.getByRole('textbox', { name: 'Store' })).toHaveValue(store ?? '')
  })

  test('says the trend in numbers too', async ({ page }) => {
    await go(page, '/dashboard')
    await page.getByText('As a table').click()
    const table = page.getByRole('group', { name: 'Trend' }).getByRole('table')
    await expect(table.getByRole('row')).toHaveCount(29)
  })

  test('changes what the estimates rest on', async ({ page }) => {
    await go(page, '/dashboard')
    await page.getByRole('button', { name: 'Change' }).click()
    const field = page.getByRole('dialog').getByLabel('Months that a theft would have gone on')
    await field.fill('9')
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await expect(page.getByRole('dialog')).toBeHidden()
    await expect(page.getByText('9 months')).toBeVisible()
    const settings = await getJson<Schemas['Settings']>(page.request, '/v1/settings')
    expect(settings.months_prevented).toBe(9)
  })

  test('gives the report as a PDF', async ({ page }) => {
    await go(page, '/dashboard')
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'PDF report' }).click()
    const file = readFileSync(await (await download).path())
    expect(file.subarray(0, 5).toString()).toBe('%PDF-')
  })
})

test.describe('signals', () => {
  const listSignals = (page: Page) => getJson<Schemas['SignalList']>(page.request, '/v1/signals')

  async function openSignal(page: Page) {
    const { items } = await listSignals(page)
    const signal = items.find((item) => item.name === 'no_receipt_refund') ?? items[0]
    const parameter = signal?.parameters.find((item) => item.unit === 'count')
    if (!signal || !parameter) throw new Error('There is no signal with a count')
    await go(page, '/signals')
    await page.getByRole('link', { name: signal.title, exact: true }).click()
    await expect(page).toHaveURL(new RegExp(`signal=${signal.name}`))
    const field = page
      .getByTestId('signal-editor')
      .getByRole('textbox', { name: parameter.help, exact: true })
    await expect(field).toHaveValue(String(parameter.value))
    return { signal, parameter, field }
  }

  test('tries a draft, saves it with a reason, and goes back', async ({ page }) => {
    test.setTimeout(240_000)
    const faults = watchFaults(page)
    const before = await listSignals(page)
    const { signal, parameter, field } = await openSignal(page)
    const wanted = parameter.max
    await field.fill(String(wanted))
    const run = page.getByTestId('dry-run')
    await expect(run).toHaveAttribute('data-state', 'done', { timeout: 120_000 })
    await expect(run.getByRole('row', { name: /^Alerts \d/ })).toBeVisible()
    await expect(run.getByText(/\d+ would vanish/)).toBeVisible()
    await expect(run.locator('canvas')).toBeVisible()
    expect((await listSignals(page)).version).toBe(before.version)

    await page.getByRole('button', { name: 'Save…' }).click()
    const dialog = page.getByRole('dialog')
    await expect(dialog).toContainText(signal.title)
    await expect(dialog.getByRole('button', { name: 'Save' })).toBeDisabled()
    await dialog.getByLabel('Reason').fill('A test of thresholds')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog).toBeHidden()
    const saved = await listSignals(page)
    expect(saved.version).not.toBe(before.version)
    const values = saved.items.find((item) => item.name === signal.name)?.parameters
    expect(values?.find((item) => item.name === parameter.name)?.value).toBe(wanted)

    await page.getByText('Versions', { exact: true }).click()
    const version = page.locator(`[data-version="${saved.version}"]`)
    await expect(version).toContainText('in force')
    await expect(version).toContainText('A test of thresholds')
    await expect(version).toContainText(`${parameter.value} → ${wanted}`)
    await page.getByRole('button', { name: `Use ${before.version} again` }).click()
    await dialog.getByLabel('Reason').fill('The test is over')
    await dialog.getByRole('button', { name: 'Use again' }).click()
    await expect(dialog).toBeHidden()
    const after = (await listSignals(page)).items.find((item) => item.name === signal.name)
    expect(after?.parameters.find((item) => item.name === parameter.name)?.value).toBe(
      parameter.value,
    )
    expect(faults).toEqual([])
  })

  test('keeps a draft on the way to another page, and drops it on demand', async ({ page }) => {
    const { signal } = await openSignal(page)
    await page.getByRole('switch').press('Space')
    await expect(page.getByRole('region', { name: 'Unsaved changes' })).toBeVisible()
    await page.getByRole('link', { name: 'Stores' }).first().click()
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Stores')
    await page.goBack()
    await expect(page.locator(`tr[data-signal="${signal.name}"]`)).toContainText('changed')
    await page.getByRole('button', { name: 'Discard' }).click()
    await expect(page.getByRole('region', { name: 'Unsaved changes' })).toBeHidden()
    await expect(page.getByRole('switch')).toBeChecked()
  })

  test('a backtest keeps its result in the address', async ({ page }) => {
    test.setTimeout(240_000)
    await go(page, '/backtest')
    await page.getByRole('button', { name: 'Start' }).click()
    await expect(page).toHaveURL(/id=/)
    await expect(page.getByTestId('backtest-result')).toBeVisible({ timeout: 120_000 })
    await page.reload()
    await expect(page.getByTestId('backtest-result')).toBeVisible()
    await go(page, '/backtest?id=no-such-one')
    await expect(page.getByText('The server no longer has this result')).toBeVisible()
  })
})

test.describe('search', () => {
  test('finds by conditions, opens a receipt, chooses columns', async ({ page }) => {
    const faults = watchFaults(page)
    await go(page, '/search')
    await expect(page.locator('[data-hit]').first()).toBeVisible()
    await page.getByRole('button', { name: 'Condition', exact: true }).click()
    await page.getByRole('menuitem', { name: 'Type', exact: true }).click()
    await page.getByRole('checkbox', { name: 'Return', exact: true }).check()
    await expect(page).toHaveURL(/type=return/)
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Condition', exact: true }).click()
    await page.getByRole('menuitem', { name: 'Amount', exact: true }).click()
    await page.getByRole('textbox', { name: 'At least' }).fill('20')
    await page.getByRole('button', { name: 'Done' }).click()
    await expect(page).toHaveURL(/amount_from=20/)
    const found = await search(page, { type: ['return'], amount_from: '20', limit: 1 })
    const first = found.items[0]
    if (!first) throw new Error('There are no returns')
    const row = page.locator(`[data-hit="${first.transaction_id}"]`)
    await expect(row).toContainText('Return')

    await row.getByRole('button').first().click()
    await expect(page.getByRole('dialog').getByTestId('receipt')).toContainText('Total')
    await expect(page).toHaveURL(new RegExp(`open=${first.transaction_id}`))
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toBeHidden()

    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('checkbox', { name: 'Transaction', exact: true }).check()
    await expect(row).toContainText(first.transaction_id)
    await page.keyboard.press('Escape')
    await page.reload()
    await expect(row).toContainText(first.transaction_id)
    expect(faults).toEqual([])
  })

  test('goes on as one scrolls, with few rows in the page', async ({ page }) => {
    await go(page, '/search')
    await expect(page.locator('[data-hit]').first()).toBeVisible()
    const status = page.getByTestId('search-status')
    await expect(status).toContainText('and more')
    for (let step = 0; step < 6; step++) {
      await page.getByTestId('results').evaluate((list) => list.scrollBy(0, 3_000))
      await page.evaluate(() => new Promise(requestAnimationFrame))
    }
    await expect
      .poll(async () =>
        Number(/^[\d,]+/.exec((await status.textContent()) ?? '')?.[0].replace(',', '')),
      )
      .toBeGreaterThan(200)
    expect(await page.locator('[data-hit]').count()).toBeLessThan(80)
  })

  test('says so when nothing fits', async ({ page }) => {
    await go(page, '/search?store_id=no-such-store')
    await expect(page.getByText('No transaction fulfils all of these conditions.')).toBeVisible()
  })

  test('exports what it shows', async ({ page }) => {
    const { items } = await search(page, { type: ['no_sale'], limit: 1 })
    await go(page, '/search?type=no_sale')
    await expect(page.locator('[data-hit]').first()).toBeVisible()
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export' }).click()
    await page.getByRole('menuitem', { name: 'CSV' }).click()
    const text = readFileSync(await (await download).path(), 'utf8')
    expect(text).toContain('transaction_id')
    expect(text).toContain(items[0]?.transaction_id ?? 'no no-sale')
  })

  test('opens a case with what was picked', async ({ page }) => {
    await go(page, '/search?type=return')
    const row = page.locator('[data-hit]').first()
    const id = await row.getAttribute('data-hit')
    await row.getByRole('checkbox').check()
    await page.getByRole('button', { name: 'Add to case' }).click()
    await page.getByRole('textbox', { name: /^Title/ }).fill('Returns from the search')
    await page.getByRole('button', { name: /^Open/ }).click()
    await expect(page).toHaveURL(/\/cases\//)
    const caseId = decodeURIComponent(page.url().split('/').at(-1) ?? '')
    const file = await getJson<Schemas['Case']>(page.request, `/v1/cases/${inPath(caseId)}`)
    expect(JSON.stringify(file)).toContain(id)
  })
})

test.describe('SQL', () => {
  const type = async (page: Page, sql: string) => {
    const editor = page.getByRole('textbox', { name: 'SQL' })
    await editor.click()
    await page.keyboard.press('Control+a')
    await page.keyboard.insertText(sql)
  }

  test('runs with Ctrl Enter, shows rows, exports them', async ({ page }) => {
    const faults = watchFaults(page)
    await go(page, '/search/sql')
    await type(page, 'SELECT store_id, count(*) AS n FROM transactions GROUP BY 1 ORDER BY 1')
    await page.keyboard.press('Control+Enter')
    const rows = page.getByTestId('sql-results')
    await expect(rows).toContainText('store_id')
    const { items } = await getJson<Schemas['StoreList']>(page.request, '/v1/stores')
    await expect(page.getByTestId('sql-status')).toContainText(`${items.length} rows`)
    await expect(page).toHaveURL(/sql=/)
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export' }).click()
    await page.getByRole('menuitem', { name: 'CSV' }).click()
    const text = readFileSync(await (await download).path(), 'utf8')
    expect(text.trim().split('\n')).toHaveLength(items.length + 1)
    expect(faults).toEqual([])
  })

  test('says where a query is wrong', async ({ page }) => {
    await go(page, '/search/sql')
    await type(page, 'SELECT stor_id FROM transactions')
    await page.getByRole('button', { name: 'Run' }).click()
    await expect(page.getByRole('alert')).toContainText('stor_id')
    await expect(page.locator('.cm-fault')).toHaveText('stor_id')
  })
})

interface Places {
  [name: string]: string
}

// One page of each kind, about things that this chain has.
async function places(page: Page): Promise<Places> {
  const { items } = await listAlerts(page.request, 'sort=rank')
  const alert = items.find((item) => item.employee_id !== null)
  const paid = (await search(page, { payment_type: ['credit'], limit: 20 })).items
  const card = paid.find((hit) => hit.account_token !== null)
  if (!alert?.employee_id || !card?.account_token) throw new Error('There is no such alert or card')
  const path = `/v1/transactions/${inPath(card.transaction_id)}`
  const receipt = await getJson<Schemas['TransactionDetail']>(page.request, path)
  return {
    dashboard: '/dashboard',
    signals: '/signals',
    signal: '/signals?signal=no_receipt_refund',
    policy: '/signals?view=policy',
    versions: '/signals?view=versions',
    backtest: '/backtest',
    search: '/search',
    receipt: `/search?open=${inPath(card.transaction_id)}`,
    sql: `/search/sql?sql=${inPath('SELECT * FROM shifts LIMIT 50')}`,
    stores: '/stores',
    store: `/stores/${inPath(alert.store_id)}`,
    employee: `/employees/${inPath(alert.employee_id)}`,
    register: `/stores/${inPath(card.store_id)}/registers/${inPath(card.register_id)}`,
    card: `/cards/${inPath(card.account_token)}`,
    item: `/items/${inPath(receipt.lines[0]?.sku ?? '')}`,
    transaction: `/transactions/${inPath(card.transaction_id)}`,
    models: '/models',
    health: '/model-health',
    reference: '/reference',
    features: '/reference?view=features',
  }
}

const settled = async (page: Page) => {
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
  await page.evaluate(() => document.fonts.ready)
}

test('entities lead to one another', async ({ page }) => {
  const faults = watchFaults(page)
  const known = await places(page)
  await go(page, known.employee ?? '')
  await settled(page)
  await expect(page.locator('[data-chart] canvas').nth(2)).toBeVisible()
  await page.getByRole('navigation', { name: 'Where it belongs' }).getByRole('link').nth(1).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Store /)
  await settled(page)
  const registers = page.getByRole('group', { name: 'Registers' })
  await registers.getByRole('link').first().click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Register /)
  await page.getByRole('button', { name: 'The day before' }).click()
  await expect(page).toHaveURL(/date=\d{4}-\d{2}-\d{2}/)
  await go(page, known.card ?? '')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Card /)
  await page.getByRole('link', { name: 'Transactions' }).click()
  await expect(page).toHaveURL(/account_token=/)
  await expect(page.locator('[data-hit]').first()).toBeVisible()
  expect(faults).toEqual([])
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing on the pages of insight, ${colorScheme}`, async ({ page }) => {
    test.setTimeout(400_000)
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const path of Object.values(await places(page))) {
      await go(page, path)
      await settled(page)
      await expectAccessible(page)
    }
  })

  for (const viewport of [
    { width: 390, height: 844 },
    { width: 820, height: 1180 },
    { width: 1440, height: 900 },
    { width: 2560, height: 1440 },
  ]) {
    test(`pages of insight at ${viewport.width}, ${colorScheme}`, async ({ page }) => {
      test.setTimeout(240_000)
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      for (const [name, path] of Object.entries(await places(page))) {
        await go(page, path)
        await settled(page)
        await page.screenshot({ path: `output/${name}-${viewport.width}-${colorScheme}.png` })
        const overflow = await page.evaluate(() => {
          const main = document.querySelector('main')
          const inner = main ? main.scrollWidth - main.clientWidth : 0
          return Math.max(inner, document.documentElement.scrollWidth - window.innerWidth)
        })
        expect(overflow, `${name} scrolls sideways`).toBeLessThanOrEqual(0)
      }
    })
  }
}

test('speaks German', async ({ page }) => {
  await go(page, '/dashboard?lang=de')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Überblick')
  await go(page, '/search')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Suche')
  await go(page, '/signals?lang=en')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Signals')
})
