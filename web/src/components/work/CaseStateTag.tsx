// SPDX-License-Identifier: Apache-2.0
import type { CaseState } from '../../api/client'
import { t } from '../../lib/i18n'
import styles from './Work.module.css'

export function CaseStateTag({ state }: { state: CaseState }) {
  return (
    <span className={styles.caseState} data-state={state}>
      {t(`caseState.${state}`)}
    </span>
  )
}
