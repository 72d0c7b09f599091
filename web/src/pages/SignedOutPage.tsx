// SPDX-License-Identifier: Apache-2.0
import { Logo } from '../components/Logo'
import { t } from '../lib/i18n'
import { useTitle } from '../lib/useTitle'
import styles from './Sign.module.css'

export function SignedOutPage() {
  useTitle(t('sign.title'))
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <div className={styles.brand}>
          <Logo size={28} />
          Tillwatch
        </div>
        <h1>{t('sign.out')}</h1>
        <p>{t('sign.outHelp')}</p>
        <pre tabIndex={0}>{`${t('sign.outLink')} ${window.location.origin}/#/setup/…`}</pre>
        <p>{t('sign.outAgain')}</p>
        <pre tabIndex={0}>tillwatch serve --new-link</pre>
      </div>
    </main>
  )
}
