// SPDX-License-Identifier: Apache-2.0
//
// Every text that the server ships is known in German, and nothing that it no longer says; read from
// the sources that it says them from.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import german from '../locales/de-server.json'
import { setLanguage } from './i18n'
import { serverSentence } from './serverSentence'
import { serverText } from './serverText'
import { label, reasonLabel } from './vocabulary'

const read = (path: string) =>
  readFileSync(new URL(`../../../src/${path}`, import.meta.url), 'utf8')

const signals = read('detect/signals.yaml')
const learned = [read('learn/drift_alarms.c'), read('learn/gate.c')].join('\n')

// Adjacent string literals of C are one.
const joined = (source: string) => source.replace(/"\s*\\?\n\s*"/g, '')

const nameAsWords = (name: string) =>
  name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ')

function yamlValues(keys: string): string[] {
  const lines = signals.matchAll(new RegExp(`^    (?:${keys}): (.*)$`, 'gm'))
  return [...lines].map(([, text = '']) => text.replace(/^"(.*)"$/, '$1'))
}

const parameters = [...signals.matchAll(/\{name: (\w+), value: .*, help: (.*)\}/g)].flatMap(
  ([, name = '', help = '']) => [nameAsWords(name), help],
)

// The rows of an X macro: the name, then the literals of each row.
function tableOf(path: string, macro: string): { name: string; texts: string[] }[] {
  const source = read(path)
  const table = /(?:.*\\\n)+/.exec(source.slice(source.indexOf(`#define ${macro}(X)`)))?.[0] ?? ''
  const last = source.slice(source.indexOf(table) + table.length).split('\n')[0]
  const rows = joined(`${table}${last}`).split(/\bX\((?=[a-zA-Z]\w+,)/)
  return rows.slice(1).map((row) => ({
    name: /^\w+/.exec(row)?.[0] ?? '',
    texts: [...row.matchAll(/"([^"]*)"/g)].map(([, text = '']) => text),
  }))
}

const features = tableOf('feature/include/feature/catalogue.h', 'TW_FEATURES')
const derived = tableOf('detect/include/detect/inputs.h', 'TW_DERIVED_INPUTS')
const policy = tableOf('detect/include/detect/policy.h', 'TW_POLICY_FIELDS')
const reasons = tableOf('workflow/include/workflow/settings.h', 'TW_REASONS_BUILT_IN')

const groups: Record<string, string[]> = {
  'schemes and signals': yamlValues('title|help|why'),
  parameters,
  features: [...features, ...derived].flatMap(({ texts }) => texts.slice(-2)),
  'alert rules': policy.flatMap(({ name, texts }) => [nameAsWords(name), ...texts.slice(-1)]),
  reasons: reasons.flatMap(({ texts }) => texts.slice(-1)),
}

const texts: Record<string, string> = german.texts
const templates = Object.entries(german.sentences)
const shipped = yamlValues('sentence')
const namesOf = (template: string) =>
  [...template.matchAll(/\{(\w+)[^}]*\}/g)].map(([, name = '']) => name)

describe('the sources', () => {
  it('are read whole', () => {
    expect(features.length).toBe(124)
    expect(policy.length).toBe(17)
    expect(reasons.length).toBe(16)
    expect(shipped.length).toBe(signals.match(/^ +sentence:/gm)?.length)
    expect(parameters.length).toBe(2 * (signals.match(/\{name: .*value:/g)?.length ?? 0))
  })
})

describe('German', () => {
  it.each(Object.keys(groups))('knows all %s', (group) => {
    expect(groups[group]?.length).toBeGreaterThan(0)
    expect(groups[group]?.filter((text) => !texts[text])).toEqual([])
  })

  it('knows nothing that the server does not say', () => {
    const all = new Set(Object.values(groups).flat())
    expect(Object.keys(texts).filter((text) => !all.has(text))).toEqual([])
  })

  it('knows every sentence of a signal', () => {
    const known = new Set(templates.map(([english]) => english))
    expect(shipped.filter((sentence) => !known.has(sentence))).toEqual([])
  })

  it('knows sentences of the model as they are written', () => {
    const source = joined(learned)
    const others = templates.filter(([english]) => !shipped.includes(english))
    const pieces = others.flatMap(([english]) => english.split(/\{\w+\}|; |(?<=more inputs) /))
    const isSaid = (piece: string) => source.includes(piece.trim().replaceAll('%', '%%'))
    expect(pieces.filter((piece) => !isSaid(piece))).toEqual([])
    expect(others.length).toBe(18)
  })

  it('fills in the same placeholders, clause by clause', () => {
    const names = (template: string) =>
      template.split('; ').map((clause) => namesOf(clause).sort().join())
    const wrong = templates.filter(
      ([english, other]) => String(names(english)) !== String(names(other)),
    )
    expect(wrong).toEqual([])
  })

  it('has two words where English has two', () => {
    const words = (template: string) => (template.match(/\{\w+\|[^|}]+\|[^|}]+\}/g) ?? []).length
    expect(templates.filter(([english, other]) => words(english) !== words(other))).toEqual([])
  })
})

// What the server writes into a placeholder, and how it reads in German.
const samples: [RegExp, string, string][] = [
  [/_s$|_min$/, '45 min', '45 Min.'],
  [/amount|volume|_net_/, '$1234.50', '1.234,50\u00a0$'],
  [/rate|share|cut$/, '7.5 %', '7,5\u00a0%'],
  [/^date$/, '2026-03-02', '2. März 2026'],
  [/^scheme$/, 'refund_fraud', 'Erstattungsbetrug'],
  [/^title$/, 'Refunds, 7 d', 'Erstattungen, 7 T.'],
  [/^(account|approver|employee|original|register)$/, 'A-17 (b)', 'A-17 (b)'],
  [/./, '3.5', '3,5'],
]

function fill(template: string, which: 1 | 2): string {
  return template.replace(/\{(\w+)(?:\|[^|}]+\|([^|}]+))?\}/g, (_, name: string, many?: string) => {
    const text = samples.find(([pattern]) => pattern.test(name))?.[which] ?? ''
    return many ? `${text} ${many}` : text
  })
}

describe('sentences', () => {
  beforeAll(() => setLanguage('de', false))
  afterAll(() => setLanguage('en', false))

  it.each(templates)('%s', (english, other) => {
    expect(serverSentence(fill(english, 1))).toBe(fill(other, 2))
  })

  it('do without the clauses whose numbers are unknown', () => {
    expect(
      serverSentence('1 post-void of own cash sales in 28 days; 95 of 100 peers: at most 2'),
    ).toBe(
      '1 nachträgliches Storno eigener Barverkäufe in 28 Tagen; 95 von 100 Kollegen: höchstens 2',
    )
  })

  it('keep the sign and the currency of money', () => {
    expect(
      serverSentence(
        '3 refunds to card C1 by this employee in 28 days; the card is at -€40.00 net',
      ),
    ).toBe(
      '3 Erstattungen dieses Mitarbeiters in 28 Tagen auf Karte C1; der Saldo der Karte ist -40,00\u00a0€',
    )
  })

  it('stay as they are where a user changed the template', () => {
    const own = '3 odd things in 28 days; peers in this store: 0 to 1'
    expect(serverSentence(own)).toBe(own)
  })

  it('stay English in English', async () => {
    const sentence = fill(shipped[0] ?? '', 1)
    await setLanguage('en', false)
    expect(serverSentence(sentence)).toBe(sentence)
    expect(serverText('Void rate')).toBe('Void rate')
    await setLanguage('de', false)
    expect(serverSentence(sentence)).not.toBe(sentence)
  })

  it('of other texts: the words of the user win', () => {
    expect(serverText('Void rate')).toBe('Stornoquote')
    expect(serverText('Our own void rate')).toBe('Our own void rate')
    expect(reasonLabel({ title: 'Authorised' })).toBe('Genehmigt')
    expect(reasonLabel({ title: 'Authorised by Kim' })).toBe('Authorised by Kim')
    expect(label('alerts_per_store_day')).toBe('Alarme je Filiale und Tag')
  })
})
