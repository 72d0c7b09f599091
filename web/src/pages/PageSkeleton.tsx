// SPDX-License-Identifier: Apache-2.0
import { Skeleton } from '@mantine/core'
import { t } from '../lib/i18n'
import styles from './Page.module.css'

export function PageSkeleton() {
  return (
    <div className={styles.page} role="status" aria-busy="true" aria-label={t('states.loading')}>
      <Skeleton height={24} width={260} />
      <Skeleton height={36} width="50%" />
      <div className={styles.columns}>
        <Skeleton height={340} />
        <Skeleton height={340} />
      </div>
    </div>
  )
}
