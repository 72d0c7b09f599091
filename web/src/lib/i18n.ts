// SPDX-License-Identifier: Apache-2.0
//
// The portal's languages. Texts are in src/locales/<language>/<namespace>.json; a page's namespace is
// fetched together with the page (app/router.tsx). Texts are read with t('namespace:key') while
// rendering, never when a module is loaded: the whole portal is drawn anew in another language.
import i18next, { type BackendModule, type TFunction } from 'i18next'
import { initReactI18next } from 'react-i18next'
import common from '../locales/en/common.json'
import queue from '../locales/en/queue.json'
import work from '../locales/en/work.json'
import type { Namespace, Namespaces } from './i18next'
import { loadServerTexts } from './serverText'

export const languages = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof languages

const storageKey = 'tillwatch-language'

const isLanguage = (text: string | null | undefined): text is Language =>
  text !== null && text !== undefined && text in languages

// The queue's English comes with the first load; everything else is a file of its own.
const files = import.meta.glob<{ default: object }>([
  '../locales/*/*.json',
  '!../locales/en/common.json',
  '!../locales/en/queue.json',
  '!../locales/en/work.json',
])

const backend: BackendModule = {
  type: 'backend',
  init: () => undefined,
  read: (language, namespace, callback) => {
    const load = files[`../locales/${language}/${namespace}.json`]
    if (!load) return callback(new Error(`There is no ${namespace} in ${language}`), null)
    load().then(
      (file) => callback(null, file.default as never),
      (error: unknown) => callback(error as Error, null),
    )
  },
}

// The languages that the reader's browser asks for, most wanted first.
function wanted(): readonly string[] {
  return globalThis.navigator?.languages ?? []
}

function stored(): string | null {
  try {
    return globalThis.localStorage?.getItem(storageKey) ?? null
  } catch {
    return null // Storage may be switched off.
  }
}

// An address may name the language (?lang=de); else the last choice holds, else the browser's.
export function firstLanguage(search: string): Language {
  const choices = [new URLSearchParams(search).get('lang'), stored(), ...wanted()]
  return choices.map((choice) => choice?.split('-')[0]).find(isLanguage) ?? 'en'
}

void i18next
  .use(backend)
  .use(initReactI18next)
  .init({
    lng: 'en',
    fallbackLng: 'en',
    supportedLngs: Object.keys(languages),
    ns: ['common', 'queue', 'work'],
    defaultNS: 'common',
    resources: { en: { common, queue, work } },
    partialBundledLanguages: true,
    initAsync: false,
    interpolation: { escapeValue: false }, // React does
  })

export const t = i18next.t.bind(i18next) as TFunction<Namespaces>

export const currentLanguage = (): Language =>
  isLanguage(i18next.resolvedLanguage) ? i18next.resolvedLanguage : 'en'

// How numbers and dates are written: the browser's own variant of the language (en-GB, de-AT).
let locale = 'en'
export const currentLocale = () => locale

function onLanguage(language: string) {
  locale = wanted().find((other) => other.split('-')[0] === language) ?? language
  if (globalThis.document) document.documentElement.lang = language
}
i18next.on('languageChanged', onLanguage)
onLanguage('en')

// Resolves when every namespace in use is there, so that nothing is shown half translated.
export async function setLanguage(language: Language, isKept = true) {
  if (isKept) {
    try {
      localStorage.setItem(storageKey, language)
    } catch {
      // The choice lasts as long as the page then.
    }
  }
  // Where it cannot be fetched, the server's texts stay English.
  await loadServerTexts(language).catch(() => undefined)
  await i18next.changeLanguage(language)
}

export function startLanguage(): Promise<void> {
  const language = firstLanguage(window.location.search)
  const isNamed = new URLSearchParams(window.location.search).has('lang')
  return language === 'en' && !isNamed ? Promise.resolve() : setLanguage(language, isNamed)
}

// The language of an account, where the address names no other.
export async function adoptLanguage(account: string) {
  const language = account.split('-')[0]
  if (!isLanguage(language) || language === currentLanguage()) return
  if (!new URLSearchParams(window.location.search).has('lang')) await setLanguage(language)
}

export const loadNamespaces = (namespaces: Namespace[]) => i18next.loadNamespaces(namespaces)

export function onLanguageChange(listener: () => void): () => void {
  i18next.on('languageChanged', listener)
  return () => i18next.off('languageChanged', listener)
}
