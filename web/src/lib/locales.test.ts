// SPDX-License-Identifier: Apache-2.0
//
// The languages say the same things, and nothing that no page asks for.
import { describe, expect, it } from 'vitest'
import { languages } from './i18n'

type Texts = { [key: string]: string | Texts }

const files = import.meta.glob<Texts>('../locales/*/*.json', { eager: true, import: 'default' })
const sources = import.meta.glob<string>(
  ['../**/*.{ts,tsx}', '!../**/*.test.ts', '!../api/schema.d.ts'],
  {
    eager: true,
    query: '?raw',
    import: 'default',
  },
)

function flat(texts: Texts, prefix = ''): Map<string, string> {
  const all = new Map<string, string>()
  for (const [name, value] of Object.entries(texts)) {
    if (typeof value === 'string') all.set(prefix + name, value)
    else for (const [key, text] of flat(value, `${prefix}${name}.`)) all.set(key, text)
  }
  return all
}

// "namespace:key" -> text
function readLanguage(language: string): Map<string, string> {
  const all = new Map<string, string>()
  for (const [path, texts] of Object.entries(files)) {
    const [, of, namespace] = /([^/]+)\/([^/]+)\.json$/.exec(path) ?? []
    if (of !== language) continue
    for (const [key, text] of flat(texts)) all.set(`${namespace}:${key}`, text)
  }
  return all
}

const english = readLanguage('en')
const plural = /_(zero|one|two|few|many|other)$/
const fields = (text: string) => [...text.matchAll(/\{\{\s*(\w+)|<\/?(\w+)/g)].map(String).sort()

describe.each(Object.keys(languages).filter((language) => language !== 'en'))('%s', (language) => {
  const other = readLanguage(language)

  it('has the keys of English', () => {
    expect([...other.keys()].sort()).toEqual([...english.keys()].sort())
  })

  it('fills in the same fields', () => {
    const wrong = [...english].filter(
      ([key, text]) => String(fields(text)) !== String(fields(other.get(key) ?? '')),
    )
    expect(wrong.map(([key]) => key)).toEqual([])
  })
})

describe('every text', () => {
  const code = Object.values(sources).join('\n')
  // What stands in quotes, and what a template begins with before its first "${".
  const whole = new Set([...code.matchAll(/['"`]([\w.:-]+)['"`]/g)].map((match) => match[1]))
  const starts = [...code.matchAll(/`([\w.:-]+\.)\$\{/g)].map((match) => match[1] ?? '')
  const isUsed = (key: string) => {
    const names = [key, key.replace(/^common:/, '')]
    return names.some((name) => whole.has(name) || starts.some((start) => name.startsWith(start)))
  }

  it('is used', () => {
    const unused = [...english.keys()].filter((key) => !isUsed(key.replace(plural, '')))
    expect(unused).toEqual([])
  })

  it('is not empty', () => {
    expect([...english].filter(([, text]) => !text.trim())).toEqual([])
  })
})
