// SPDX-License-Identifier: Apache-2.0
//
// The keys of the texts as types: a misspelt key does not compile. Each namespace is named here once.
import 'i18next'
import type admin from '../locales/en/admin.json'
import type alert from '../locales/en/alert.json'
import type backtest from '../locales/en/backtest.json'
import type cases from '../locales/en/cases.json'
import type common from '../locales/en/common.json'
import type dashboard from '../locales/en/dashboard.json'
import type data from '../locales/en/data.json'
import type firstrun from '../locales/en/firstrun.json'
import type entities from '../locales/en/entities.json'
import type help from '../locales/en/help.json'
import type palette from '../locales/en/palette.json'
import type queue from '../locales/en/queue.json'
import type search from '../locales/en/search.json'
import type settings from '../locales/en/settings.json'
import type signals from '../locales/en/signals.json'
import type health from '../locales/en/health.json'
import type models from '../locales/en/models.json'
import type reference from '../locales/en/reference.json'
import type sign from '../locales/en/sign.json'
import type timeline from '../locales/en/timeline.json'
import type work from '../locales/en/work.json'

interface Texts {
  admin: typeof admin
  alert: typeof alert
  backtest: typeof backtest
  cases: typeof cases
  common: typeof common
  dashboard: typeof dashboard
  data: typeof data
  firstrun: typeof firstrun
  entities: typeof entities
  help: typeof help
  palette: typeof palette
  queue: typeof queue
  search: typeof search
  settings: typeof settings
  health: typeof health
  models: typeof models
  reference: typeof reference
  sign: typeof sign
  signals: typeof signals
  timeline: typeof timeline
  work: typeof work
}

export type Namespace = keyof Texts
export type Namespaces = ['common', ...Exclude<Namespace, 'common'>[]]

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common'
    resources: Texts
  }
}
