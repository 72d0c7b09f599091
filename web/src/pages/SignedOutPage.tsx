// SPDX-License-Identifier: Apache-2.0
import { Logo } from '../components/Logo'
import { useTitle } from '../lib/useTitle'
import styles from './Sign.module.css'

export function SignedOutPage() {
  useTitle('Sign in')
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <div className={styles.brand}>
          <Logo size={28} />
          Tillwatch
        </div>
        <h1>You are not signed in</h1>
        <p>
          Tillwatch has no password to guess. At its first start, “tillwatch serve” prints a link
          that signs one browser in, once, within 24 hours:
        </p>
        <pre tabIndex={0}>{`Set-up link: ${window.location.origin}/#/setup/…`}</pre>
        <p>
          Open that link in this browser. When it was used before or is lost, whoever runs the
          server prints another one:
        </p>
        <pre tabIndex={0}>tillwatch serve --new-link</pre>
      </div>
    </main>
  )
}
