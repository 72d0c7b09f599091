// SPDX-License-Identifier: Apache-2.0
//
// What a manager sets about the work. Whoever may not change it still sees what holds.
import { useQuery } from '@tanstack/react-query'
import { settingsQuery } from '../../api/settings'
import { useCan } from '../../app/session'
import { ErrorState } from '../../components/States'
import { t } from '../../lib/i18n'
import { useTitle } from '../../lib/useTitle'
import page from '../Page.module.css'
import { PageSkeleton } from '../PageSkeleton'
import { CameraSection } from './CameraSection'
import { FiguresSection, HouseSection, LimitsSection } from './FormSections'
import { ReasonsSection } from './ReasonsSection'
import { RegionsSection } from './RegionsSection'
import { ReportSection } from './ReportSection'
import { RulesSection } from './RulesSection'
import styles from './Settings.module.css'

export function SettingsPage() {
  useTitle(t('settings:title'))
  const { data, error, refetch } = useQuery(settingsQuery)
  const can = useCan()
  if (error && !data)
    return (
      <ErrorState title={t('settings:unreadable')} error={error} onRetry={() => void refetch()} />
    )
  if (!data) return <PageSkeleton />
  const isReadOnly = !can('manage')
  const section = { settings: data, isReadOnly }
  const adminSection = { settings: data, isReadOnly: !can('admin') }
  return (
    <div className={page.page}>
      <div className={page.head}>
        <h1>{t('settings:title')}</h1>
        {isReadOnly && <span className="muted">{t('settings:readOnly')}</span>}
      </div>
      <div className={styles.sections}>
        <LimitsSection {...section} />
        <FiguresSection {...section} />
        <ReportSection {...section} />
        <CameraSection {...section} />
        <HouseSection {...adminSection} />
        <RegionsSection {...adminSection} />
        <div className={styles.wideSection}>
          <RulesSection {...section} />
        </div>
        <div className={styles.wideSection}>
          <ReasonsSection {...section} />
        </div>
      </div>
    </div>
  )
}
