// SPDX-License-Identifier: Apache-2.0
import { type ReactNode, useId } from 'react'
import styles from './Panel.module.css'

interface Props {
  title: string
  aside?: ReactNode
  className?: string
  // Content that brings its own side padding, such as tables.
  isFlush?: boolean
  children: ReactNode
}

export function Panel({ title, aside, className, isFlush, children }: Props) {
  const id = useId()
  return (
    <section className={`${styles.panel} ${className ?? ''}`} aria-labelledby={id}>
      <div className={styles.head}>
        <h2 id={id}>{title}</h2>
        {aside && <div className={styles.aside}>{aside}</div>}
      </div>
      <div className={isFlush ? styles.flush : styles.body}>{children}</div>
    </section>
  )
}
