// SPDX-License-Identifier: Apache-2.0
//
// What the server says in English (titles, helps, reasons of the shipped signals, features and rules) in
// the reader's language. src/locales/<language>-server.json holds each text beside its English, which
// is also its key: a text that a user wrote or changed has none and stays in the user's own words.
import i18next from 'i18next'

interface Translations {
  texts: Record<string, string>
  sentences: Record<string, string> // template -> template, with the same {placeholders}
}

const files = import.meta.glob<{ default: Translations }>('../locales/*-server.json')

const loaded = new Map<string, { texts: Map<string, string>; sentences: [string, string][] }>()

// Fetched before the language changes, so that nothing is shown half translated.
export async function loadServerTexts(language: string): Promise<void> {
  const load = files[`../locales/${language}-server.json`]
  if (!load || loaded.has(language)) return
  const { texts, sentences } = (await load()).default
  loaded.set(language, {
    texts: new Map(Object.entries(texts)),
    sentences: Object.entries(sentences),
  })
}

const current = () => loaded.get(i18next.resolvedLanguage ?? '')

export const serverText = (english: string): string => current()?.texts.get(english) ?? english

// Pairs of templates, English first; empty in English.
export const sentenceTemplates = (): [string, string][] => current()?.sentences ?? []
