// SPDX-License-Identifier: Apache-2.0
//
// Measures API and pages and prints Markdown. run.sh makes the data.
import { createRequire } from 'node:module'
import { loadavg } from 'node:os'
import path from 'node:path'
import { measureApi } from './api.mjs'
import { install } from './probe.mjs'
import { csrf, signIn, startServer } from './server.mjs'

const { chromium } = createRequire(path.join(process.env.MODULES, '/'))('playwright-core')
const rounds = Number(process.env.ROUNDS ?? 7)
const sentence = `document.querySelector('[data-testid="sentence"]')?.textContent`
const selected = `document.querySelector('[data-selected]')?.getAttribute('data-alert')`
const total = `document.querySelector('[data-testid="total"]')?.textContent`
const anyRow = `return document.querySelector('[data-alert]') !== null`
const heading = `document.querySelector('main h1')?.textContent`
const isQuiet = `document.querySelector('[aria-busy="true"]') === null`

const timesOf = new Map()
const note = (name, { isFound, ms, waitMs }) => {
  if (!isFound) throw new Error(`${name}: the content did not come`)
  const list = timesOf.get(name) ?? []
  timesOf.set(name, [...list, { ms, waitMs }])
}

const quantile = (values, q) => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)]
}
const shown = (ms) => (ms < 10 ? ms.toFixed(1) : ms.toFixed(0))

async function openBrowser(url, cookie) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
  const viewport = { width: 1440, height: 900 }
  const context = await browser.newContext({ viewport, locale: 'en-US' })
  await context.addCookies([{ ...cookie, url, httpOnly: true, sameSite: 'Strict' }])
  await context.addInitScript(install)
  return { browser, page: await context.newPage() }
}

// Presses or clicks, and waits until what `body` says is painted.
async function input(page, name, act, before, body) {
  const types = ['keydown', 'pointerdown']
  await page.evaluate(([t, b, e]) => window.probe.input(t, b, e), [types, before, body])
  await act()
  note(name, await page.evaluate(() => window.probe.pending))
}
const press = (page, name, key, before, body) =>
  input(page, name, () => page.keyboard.press(key), before, body)
const visit = async (page, name, to, body) =>
  note(name, await page.evaluate(([p, b]) => window.probe.visit(p, b), [to, body]))
const changed = (what) => [`return ${what}`, `const now = ${what}; return now && now !== last`]

// A step that is not measured.
async function step(page) {
  await page.keyboard.press('j')
  await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  )
}

async function load(page, url, name) {
  await page.goto(url, { waitUntil: 'commit' })
  note(name, await page.evaluate((body) => window.probe.load(body), anyRow))
}

async function measureQueue(page) {
  await step(page)
  for (let i = 0; i < rounds; i++) {
    await press(page, 'next row (j)', 'j', ...changed(selected))
    await press(page, 'row before (k)', 'k', ...changed(selected))
    await step(page)
  }
  const view = (text) =>
    page.getByRole('radiogroup', { name: 'View' }).getByText(text, { exact: true })
  for (let i = 0; i < rounds; i++) {
    const name =
      i === 0 ? 'another view of the queue, first time' : 'another view of the queue, again'
    await input(
      page,
      name,
      () => view('All').click(),
      `return location.search`,
      `return location.search !== last && document.querySelector('[data-alert]') !== null`,
    )
    await input(
      page,
      name,
      () => view('Open').click(),
      `return location.search`,
      `return location.search !== last && document.querySelector('[data-alert]') !== null`,
    )
  }
}

async function measureWork(page) {
  const assigned = `document.querySelector('[data-selected]')?.outerHTML.includes('Bench')`
  for (let i = 0; i < rounds; i++) {
    await step(page)
    await press(page, 'claim (c)', 'c', `return ${assigned}`, `return ${assigned}`)
  }
  await step(page)
}

async function measureAlert(page) {
  for (let i = 0; i < rounds; i++) {
    const name = i === 0 ? 'open an alert (o), first with its script' : 'open an alert (o)'
    await press(page, name, 'o', ...changed(sentence))
    note(
      '   what it shares with others is there',
      await page.evaluate((b) => window.probe.visit(location.pathname, b), `return ${isQuiet}`),
    )
    const undo = `[...document.querySelectorAll('[data-testid="verdict-state"] button')].length > 0`
    await press(
      page,
      'the reasons of a verdict (r)',
      'r',
      `return null`,
      `return document.querySelector('[data-reason]') !== null`,
    )
    await page.waitForFunction(() => document.activeElement?.hasAttribute('data-reason'))
    await press(page, 'verdict (1)', '1', `return null`, `return ${undo}`)
    await page.waitForFunction(() => !document.querySelector('[role="dialog"]'))
    await press(page, 'verdict taken back (z)', 'z', `return null`, `return !(${undo})`)
    await page.keyboard.press('m')
    const text = `Seen ${Date.now()}`
    await page.keyboard.insertText(text)
    await press(
      page,
      'comment (Ctrl+Enter)',
      'Control+Enter',
      `return null`,
      `return [...document.querySelectorAll('[data-testid="history"] li')].some((e) => e.textContent.includes('${text}'))`,
    )
    await page.evaluate(() => document.activeElement?.blur())
    await press(page, 'next alert (j)', 'j', ...changed(sentence))
    await press(page, 'back to the queue (u)', 'u', `return null`, anyRow)
    await step(page)
  }
}

async function measurePages(page, sample, caseId) {
  const table = `document.querySelectorAll('[data-testid="results"] [role="row"], [data-testid="results"] tr, [data-testid="results"] button').length > 3`
  for (let i = 0; i < rounds; i++) {
    const when = i === 0 ? ', first with its script' : ''
    const who = encodeURIComponent(sample[i % sample.length].employee_id)
    await visit(
      page,
      `employee${when}`,
      `/employees/${who}`,
      `return ${isQuiet} && (${heading} ?? '').includes('${who}')`,
    )
    await visit(
      page,
      `search by employee, all days${when}`,
      `/search?employee_id=${who}`,
      `return document.querySelector('[data-testid="search-status"]') !== null && ${table}`,
    )
    await visit(
      page,
      `signals${when}`,
      '/signals',
      `return ${isQuiet} && document.querySelectorAll('main a[href*="signal="]').length > 5`,
    )
    await visit(
      page,
      `case${when}`,
      `/cases/${caseId}`,
      `return ${isQuiet} && (document.querySelector('main')?.textContent ?? '').includes('Bench case')`,
    )
    const value = `document.querySelector('[data-figure="alerts"]')?.textContent`
    await visit(page, `dashboard${when}`, '/dashboard', `return Boolean(${value})`)
    await input(
      page,
      `another period of the dashboard${when}`,
      () => page.getByText('7 days', { exact: true }).click(),
      ...changed(value),
    )
    await visit(page, 'queue, from another page', '/', anyRow)
  }
}

async function makeCase(url, cookie, alert) {
  const reply = await fetch(`${url}/v1/cases`, {
    method: 'POST',
    headers: {
      ...csrf,
      Cookie: `${cookie.name}=${cookie.value}`,
      'Content-Type': 'application/json',
    },
    body: JSON.stringify({
      title: 'Bench case',
      subjects: [{ kind: 'EMPLOYEE', id: alert.employee_id }],
    }),
  })
  if (!reply.ok) throw new Error(await reply.text())
  return (await reply.json()).case_id
}

function printScroll({ gaps, rowsMax, rowsSeen }) {
  const share = (ms) => ((100 * gaps.filter((gap) => gap > ms).length) / gaps.length).toFixed(1)
  console.log(
    `\nScrolled to row ${rowsSeen} in ${gaps.length} frames: ${share(50)} % over 50 ms, ` +
      `${share(25)} % over 25 ms, median ${shown(quantile(gaps, 0.5))} ms; at most ${rowsMax} rows exist.`,
  )
}

function print(api) {
  console.log(
    `${api.alertN} open alerts; load ${loadavg()
      .map((l) => l.toFixed(1))
      .join(' ')}\n`,
  )
  console.log('| request | p50, ms | p95, ms |\n|---|---|---|')
  for (const { name, times } of api.rows)
    console.log(`| ${name} | ${shown(quantile(times, 0.5))} | ${shown(quantile(times, 0.95))} |`)
  console.log(
    '\n| interaction | n | best, ms | median, ms | worst, ms | longest wait shown, ms |\n|---|---|---|---|---|---|',
  )
  for (const [name, list] of timesOf) {
    const ms = list.map((item) => item.ms)
    const wait = Math.max(...list.map((item) => item.waitMs))
    console.log(
      `| ${name} | ${ms.length} | ${shown(Math.min(...ms))} | ${shown(quantile(ms, 0.5))} | ${shown(Math.max(...ms))} | ${shown(wait)} |`,
    )
  }
}

const server = await startServer()
let browser
try {
  const cookie = await signIn(server)
  const api = await measureApi(server.url, cookie)
  const opened = await openBrowser(server.url, cookie)
  browser = opened.browser
  const { page } = opened
  page.setDefaultTimeout(15_000)
  let scrolled
  const steps = [
    () => load(page, server.url, 'queue, first load (empty cache)'),
    async () => {
      for (let i = 0; i < rounds; i++) await load(page, server.url, 'queue, loaded again')
    },
    () => measureQueue(page),
    async () => {
      scrolled = await page.evaluate(() => {
        const box = document.querySelector('ul li [data-alert]').closest('ul').parentElement
        box.setAttribute('data-scrolled', '')
        return window.probe.scroll('[data-scrolled]', 10, 400)
      })
    },
    () => load(page, server.url, 'queue, loaded again'),
    async () => {
      await step(page)
      await measureWork(page)
    },
    () => measureAlert(page),
    async () => measurePages(page, api.sample, await makeCase(server.url, cookie, api.sample[0])),
  ]
  for (const run of steps)
    await run().catch((error) => {
      console.error(error.message)
      process.exitCode = 1
    })
  print(api)
  if (scrolled) printScroll(scrolled)
} finally {
  await browser?.close()
  await server.stop()
}
