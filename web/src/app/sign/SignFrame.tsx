// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react'
import { Logo } from '../../components/Logo'
import { useTitle } from '../../lib/useTitle'
import styles from './Sign.module.css'

export function SignFrame({ title, children }: { title: string; children: ReactNode }) {
  useTitle(title)
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <div className={styles.brand}>
          <Logo size={28} />
          Tillwatch
        </div>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  )
}
