// SPDX-License-Identifier: Apache-2.0
//
// What the draft changes, always in sight, with the way to save it and to drop it.
import { Button } from '@mantine/core'
import { useState } from 'react'
import type { Policy, Signal } from '../../api/insight'
import { t } from '../../lib/i18n'
import { SaveDialog } from './SaveDialog'
import styles from './Signals.module.css'
import { emptyDraft, isEmptyDraft } from './draft'
import { setDraft, useDraft } from './draftStore'

export function DraftBar({ signals, policy }: { signals: Signal[]; policy: Policy | undefined }) {
  const draft = useDraft()
  const [isSaving, setSaving] = useState(false)
  if (isEmptyDraft(draft)) return null
  const count = Object.keys(draft.signals).length + Object.keys(draft.policy).length
  return (
    <div className={styles.draftBar} role="region" aria-label={t('signals:draft.label')}>
      <span>{t('signals:draft.changed', { count })}</span>
      <Button variant="default" onClick={() => setDraft(emptyDraft)}>
        {t('signals:draft.drop')}
      </Button>
      <Button onClick={() => setSaving(true)}>{t('signals:draft.save')}</Button>
      <SaveDialog
        isOpen={isSaving}
        onClose={() => setSaving(false)}
        signals={signals}
        policy={policy}
      />
    </div>
  )
}
