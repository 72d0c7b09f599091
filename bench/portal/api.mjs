// SPDX-License-Identifier: Apache-2.0
//
// The routes that the pages ask, one request at a time over one kept connection, without a browser.
import { csrf } from './server.mjs'

const sampleN = 40

export async function measureApi(url, cookie) {
  const headers = { Cookie: `${cookie.name}=${cookie.value}` }
  async function ask(path, body) {
    const begun = performance.now()
    const reply = await fetch(url + path, {
      method: body ? 'POST' : 'GET',
      headers: body ? { ...headers, ...csrf, 'Content-Type': 'application/json' } : headers,
      body: body && JSON.stringify(body),
    })
    const text = await reply.text()
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${text}`)
    return { ms: performance.now() - begun, reply: text ? JSON.parse(text) : null }
  }
  const { items, total } = (await ask('/v1/alerts?status=OPEN&sort=rank&limit=200')).reply
  const step = Math.max(1, Math.floor(items.length / sampleN))
  const sample = items.filter((item, i) => item.employee_id && i % step === 0)
  const inPath = encodeURIComponent
  const id = (i) => inPath(sample[i % sample.length].alert_id)
  const employee = (i) => sample[i % sample.length].employee_id
  const store = (i) => sample[i % sample.length].store_id
  const receipt = (i) => sample[i % sample.length].transaction_ids[0]
  const routes = {
    'GET /v1/alerts, the first 100 of all open': () => ['/v1/alerts?status=OPEN&limit=100'],
    'GET /v1/alerts, of a store': (i) => [`/v1/alerts?status=OPEN&limit=100&store_id=${store(i)}`],
    'GET /v1/summary': () => ['/v1/summary'],
    'GET /v1/alerts/{id}': (i) => [`/v1/alerts/${id(i)}`],
    'GET /v1/alerts/{id}/related': (i) => [`/v1/alerts/${id(i)}/related`],
    'GET /v1/alerts/{id}/history': (i) => [`/v1/alerts/${id(i)}/history`],
    'GET /v1/transactions/{id}': (i) => [`/v1/transactions/${inPath(receipt(i))}`],
    'GET /v1/employees/{id}': (i) => [`/v1/employees/${inPath(employee(i))}`],
    'GET /v1/employees/{id}/calendar': (i) => [`/v1/employees/${inPath(employee(i))}/calendar`],
    'GET /v1/stores': () => ['/v1/stores'],
    'GET /v1/stores/{id}': (i) => [`/v1/stores/${inPath(store(i))}`],
    'POST /v1/search, of an employee': (i) => [
      '/v1/search',
      { employee_id: employee(i), limit: 100 },
    ],
    'POST /v1/search, large refunds of all': () => [
      '/v1/search',
      { refund_flag: true, amount_from: '100', limit: 100 },
    ],
    'GET /v1/signals': () => ['/v1/signals'],
    'GET /v1/policy': () => ['/v1/policy'],
    'GET /v1/metrics/summary': () => ['/v1/metrics/summary'],
    'GET /v1/metrics/daily': () => ['/v1/metrics/daily'],
    'GET /v1/metrics/by/store': () => ['/v1/metrics/by/store?limit=100'],
    'GET /v1/cases': () => ['/v1/cases'],
    'comment on an alert': (i) => [
      `/v1/alerts/${id(i)}/actions`,
      { action: 'comment', text: `No ${i}` },
    ],
  }
  const rows = []
  for (const [name, make] of Object.entries(routes)) {
    const times = []
    for (let i = 0; i < sampleN; i++) times.push((await ask(...make(i))).ms)
    rows.push({ name, times })
  }
  return { rows, alertN: total, sample }
}
