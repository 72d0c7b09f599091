// SPDX-License-Identifier: Apache-2.0
//
// Alerts keep the sentence that was written when they arose, with its numbers filled in. Another
// language takes it apart by the English template, and fills what stood there into its own template,
// written as the reader's locale writes it. A sentence of an edited template fits none and stays.
import { formatDuration, formatFixed, formatMoney, formatPercent, formatWallMs } from './format'
import { currentLanguage } from './i18n'
import { sentenceTemplates, serverText } from './serverText'
import { label } from './vocabulary'

interface Placeholder {
  name: string
  words: string[] // of one, of many; none for most
}

interface Rule {
  pattern: RegExp
  slots: Placeholder[] // one for each group of the pattern
  clauses: string[] // of the other language
}

const placeholder = /\{([^}]*)\}/
const currencies: Record<string, string> = { $: 'USD', '€': 'EUR', '£': 'GBP' }
const number = String.raw`[-+]?\d+(?:\.\d+)?`
const value = String.raw`-?(?:[$€£]|[A-Z]{3} )\d+(?:\.\d+)?|${number}(?: (?:%|s|min|h|days|times))?`

// Placeholders that hold no figure.
const isText = /^(?:account|approver|employee|original|register|scheme|store|title)$/

function parse(inside: string): Placeholder {
  const [name = '', ...words] = inside.split('|')
  return { name, words }
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)

function patternOf({ name, words }: Placeholder): string {
  if (isText.test(name)) return '(.+?)'
  if (name === 'date') return String.raw`(\d{4}-\d{2}-\d{2})`
  if (words.length) return `(${number}) (?:${words.map(escaped).join('|')})`
  return `(${value})`
}

// The server leaves out a clause whose number it does not know; the first is always there.
function ruleOf(english: string, other: string): Rule {
  const slots: Placeholder[] = []
  const clauses = english.split('; ').map((clause, i) => {
    const parts = clause.split(placeholder).map((part, at) => {
      if (at % 2 === 0) return escaped(part)
      const slot = parse(part)
      slots.push(slot)
      return patternOf(slot)
    })
    return i === 0 ? parts.join('') : `(?:; ${parts.join('')})?`
  })
  return { pattern: new RegExp(`^${clauses.join('')}$`), slots, clauses: other.split('; ') }
}

const decimals = (text: string) => text.split('.')[1]?.length ?? 0

function valueText(text: string): string {
  const money = /^(-?)([$€£]|[A-Z]{3} )(.+)$/.exec(text)
  if (money) {
    const [, sign = '', mark = '', amount = ''] = money
    return formatMoney({ amount: sign + amount, currency: currencies[mark] ?? mark.trim() })
  }
  const [figure = '', unit] = text.split(' ')
  switch (unit) {
    case '%':
      return formatPercent(Number(figure) / 100)
    case 's':
      return formatDuration(Number(figure), 'second', 0)
    case 'min':
      return formatDuration(Number(figure), 'minute', 0)
    case 'h':
      return formatDuration(Number(figure), 'hour', 1)
    case 'days':
      return formatDuration(Number(figure), 'day', 0)
    default:
      // "1.5 times" of a ratio is a plain figure beside the other language's words.
      return formatFixed(Number(figure), decimals(figure), figure.startsWith('+'))
  }
}

function filled({ name, words }: Placeholder, text: string): string {
  if (name === 'title') return serverText(text)
  if (name === 'scheme') return label(text)
  if (name === 'date') return formatWallMs(Date.parse(text), 'date')
  if (isText.test(name)) return text
  const [one, many] = words
  return one && many ? `${valueText(text)} ${text === '1' ? one : many}` : valueText(text)
}

// null when a clause of this template was left out.
function clauseText(clause: string, values: Map<string, string>): string | null {
  let isWhole = true
  const parts = clause.split(placeholder).map((part, at) => {
    if (at % 2 === 0) return part
    const slot = parse(part)
    const text = values.get(slot.name)
    isWhole &&= text !== undefined
    return text === undefined ? '' : filled(slot, text)
  })
  return isWhole ? parts.join('') : null
}

function translated(sentence: string, rule: Rule): string | null {
  const match = rule.pattern.exec(sentence)
  if (!match) return null
  const values = new Map<string, string>()
  rule.slots.forEach(({ name }, i) => {
    const text = match[i + 1]
    if (text !== undefined) values.set(name, text)
  })
  const clauses = rule.clauses.map((clause) => clauseText(clause, values))
  return clauses.filter((clause) => clause !== null).join('; ')
}

let rules: Rule[] = []
let of: [string, string][] | null = null
const known = new Map<string, string>() // rows are drawn again and again
const knownMax = 2000
let knownLanguage = ''

function currentRules(): Rule[] {
  const templates = sentenceTemplates()
  if (templates !== of) rules = templates.map(([english, other]) => ruleOf(english, other))
  of = templates
  return rules
}

export function serverSentence(english: string): string {
  const language = currentLanguage()
  if (language === 'en') return english
  if (language !== knownLanguage || known.size > knownMax) known.clear()
  knownLanguage = language
  let text = known.get(english)
  if (text === undefined) {
    text = english
    for (const rule of currentRules()) {
      const other = translated(english, rule)
      if (other === null) continue
      text = other
      break
    }
    known.set(english, text)
  }
  return text
}
