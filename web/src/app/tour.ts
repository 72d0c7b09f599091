// SPDX-License-Identifier: Apache-2.0
//
// A short tour of the portal; its library is fetched when somebody starts it. Steps whose place is not
// on the screen are left out.
import { loadNamespaces, t } from '../lib/i18n'
import type help from '../locales/en/help.json'

type StepName = keyof (typeof help)['guide']['steps']

const places: [StepName, string][] = [
  ['queue', '#main'],
  ['find', '[data-tour="find"]'],
  ['figures', '[data-testid="figures"]'],
  ['filters', '[data-tour="filters"]'],
  ['row', '[data-tour="row"]'],
  ['pages', '[data-tour="pages"]'],
  ['help', '[data-tour="help"]'],
]

const isShown = (selector: string) => {
  const box = document.querySelector(selector)?.getBoundingClientRect()
  return box !== undefined && box.width > 0 && box.height > 0
}

export async function startTour() {
  const [{ driver }] = await Promise.all([
    import('driver.js'),
    import('driver.js/dist/driver.css'),
    loadNamespaces(['help']),
  ])
  const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches
  driver({
    animate: !still,
    showProgress: true,
    progressText: t('help:guide.progress', { current: '{{current}}', total: '{{total}}' }),
    nextBtnText: t('help:guide.next'),
    prevBtnText: t('help:guide.back'),
    doneBtnText: t('help:guide.done'),
    steps: places
      .filter(([, selector]) => isShown(selector))
      .map(([name, element]) => ({
        element,
        popover: {
          title: t(`help:guide.steps.${name}.title`),
          description: t(`help:guide.steps.${name}.text`),
        },
      })),
  }).drive()
}
