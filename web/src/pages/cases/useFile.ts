// SPDX-License-Identifier: Apache-2.0
//
// Commands on the case that is open, each with the version that the page shows.
import { notifications } from '@mantine/notifications'
import { useCaseAction } from '../../api/cases'
import type { Case, CaseAction } from '../../api/client'
import { useCan } from '../../app/session'
import { shownError } from '../../lib/conflict'
import { asSentence } from '../../lib/format'
import { t } from '../../lib/i18n'

export function useFile(file: Case) {
  const can = useCan()
  const action = useCaseAction()
  // Resolves to whether it was done; a failure is said, and the form keeps what was typed.
  const run = async (body: CaseAction, withVersion = true): Promise<boolean> => {
    try {
      const version = withVersion ? file.version : undefined
      await action.mutateAsync({ caseId: file.case_id, version, body })
      return true
    } catch (error) {
      const why = shownError(error as Error)
      if (why !== null)
        notifications.show({ message: t('work:failed', { why: asSentence(why) }), color: 'red' })
      return false
    }
  }
  return {
    run,
    isPending: action.isPending,
    canWork: can('work'),
    canManage: can('manage'),
    canEdit: can('work') && (file.state === 'OPEN' || file.state === 'INVESTIGATING'),
  }
}

export type CaseWork = ReturnType<typeof useFile>

export interface PanelProps {
  file: Case
  work: CaseWork
}
