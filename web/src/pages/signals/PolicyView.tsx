// SPDX-License-Identifier: Apache-2.0
//
// How many alerts there may be, and what an alert needs.
import { useQuery } from '@tanstack/react-query'
import { policyQuery } from '../../api/insight'
import { Panel } from '../../components/Panel'
import { ErrorState } from '../../components/States'
import { t } from '../../lib/i18n'
import { serverText } from '../../lib/serverText'
import { label } from '../../lib/vocabulary'
import { PageSkeleton } from '../PageSkeleton'
import { FieldInput } from './FieldInput'
import styles from './Signals.module.css'
import { withPolicy } from './draft'
import { setDraft, useDraft } from './draftStore'

export function PolicyView({ mayChange }: { mayChange: boolean }) {
  const draft = useDraft()
  const { data, error, refetch } = useQuery(policyQuery)
  if (error && !data)
    return (
      <ErrorState title={t('signals:policy.failed')} error={error} onRetry={() => void refetch()} />
    )
  if (!data) return <PageSkeleton />
  return (
    <Panel title={t('signals:policy.title')} aside={data.version}>
      <p className={styles.quiet}>{t('signals:policy.help')}</p>
      <div className={styles.fields} data-testid="policy">
        {data.fields.map((field) => (
          <FieldInput
            key={field.name}
            label={label(field.name)}
            about={serverText(field.help)}
            unit={field.unit}
            value={draft.policy[field.name] ?? field.value}
            now={field.value}
            standard={field.default}
            min={field.min}
            max={field.max}
            isReadOnly={!mayChange}
            onChange={(value) => setDraft(withPolicy(draft, data, field.name, value))}
          />
        ))}
      </div>
    </Panel>
  )
}
