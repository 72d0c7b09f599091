// SPDX-License-Identifier: Apache-2.0
//
// Says who changed what while the reader looked at it, and asks what shall hold.
import { Button, Group, Modal } from '@mantine/core'
import type { Case, StaleProblem } from '../api/client'
import { HistoryList } from '../components/work/HistoryList'
import { Person, usePersonName } from '../components/Person'
import { StatusTag } from '../components/Tags'
import { CaseStateTag } from '../components/work/CaseStateTag'
import type { Answer } from '../lib/conflict'
import { t } from '../lib/i18n'
import styles from './ConflictDialog.module.css'

interface Props {
  problem: StaleProblem
  onAnswer: (answer: Answer) => void
}

export function ConflictDialog({ problem, onAnswer }: Props) {
  const nameOf = usePersonName()
  const subject = problem.alert ?? problem.case
  return (
    <Modal
      opened
      onClose={() => onAnswer('theirs')}
      title={t('work:conflict.title')}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
      zIndex={350}
      size="lg"
    >
      <div className={styles.dialog}>
        {problem.changes.length > 0 && (
          <>
            <p>{t('work:conflict.what')}</p>
            <HistoryList
              entries={problem.changes}
              nameOf={nameOf}
              currency={currencyOf(problem.case)}
            />
          </>
        )}
        {subject && (
          <>
            <p>{t('work:conflict.now')}</p>
            <div className={styles.now}>
              {problem.alert && (
                <>
                  <StatusTag alert={problem.alert} />
                  <Person user={problem.alert.assignee} />
                </>
              )}
              {problem.case && (
                <>
                  <CaseStateTag state={problem.case.state} />
                  <Person user={problem.case.owner} />
                </>
              )}
            </div>
          </>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={() => onAnswer('mine')}>
            {t('work:conflict.mine')}
          </Button>
          <Button data-autofocus onClick={() => onAnswer('theirs')}>
            {t('work:conflict.theirs')}
          </Button>
        </Group>
      </div>
    </Modal>
  )
}

const currencyOf = (file: Case | null) => file?.exposure.currency ?? 'USD'
