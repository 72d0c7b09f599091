// SPDX-License-Identifier: Apache-2.0
//
// Tables of the lake, examples to start from, and the last queries of this browser.

// As in docs/formats/lake.md.
export const tables = [
  'transactions',
  'lines',
  'tenders',
  'signals',
  'store_days',
  'employee_days',
  'employee_months',
  'movements',
  'shifts',
  'verdicts',
] as const

export const examples = [
  {
    name: 'refunds',
    sql: `SELECT employee_id, store_id, count(*) AS refunds,
       sum(abs(total_minor)) / 100.0 AS amount
FROM transactions
WHERE refund_flag
GROUP BY ALL
ORDER BY amount DESC
LIMIT 100`,
  },
  {
    name: 'days',
    sql: `SELECT business_date, count(*) AS transactions,
       count(*) FILTER (refund_flag) AS refunds,
       count(*) FILTER (void_flag) AS voids,
       count(alert_id) AS alerted
FROM transactions
GROUP BY ALL
ORDER BY business_date`,
  },
  {
    name: 'cards',
    sql: `SELECT account_token, count(DISTINCT store_id) AS stores,
       count(*) AS tenders, sum(amount_minor) / 100.0 AS net
FROM tenders
WHERE account_token IS NOT NULL
GROUP BY account_token
HAVING net < 0
ORDER BY net
LIMIT 100`,
  },
  {
    name: 'items',
    sql: `SELECT sku, count(*) AS lines,
       count(*) FILTER (return_flag) AS returned,
       count(*) FILTER (void_flag) AS voided
FROM lines
GROUP BY sku
ORDER BY returned DESC
LIMIT 100`,
  },
  {
    name: 'signals',
    sql: `SELECT name, count(*) AS hits, avg(strength) AS strength,
       avg(risk_score) AS risk
FROM signals
GROUP BY name
ORDER BY hits DESC`,
  },
] as const

const storageKey = 'tillwatch-sql'
const recentMax = 20

// Storage may be switched off: then nothing is remembered.
export function recentQueries(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '[]')
    return Array.isArray(kept) ? kept.filter((sql) => typeof sql === 'string') : []
  } catch {
    return []
  }
}

export function rememberQuery(sql: string) {
  const others = recentQueries().filter((other) => other !== sql)
  try {
    localStorage.setItem(storageKey, JSON.stringify([sql, ...others].slice(0, recentMax)))
  } catch {
    // As above.
  }
}
