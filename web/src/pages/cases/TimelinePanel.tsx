// SPDX-License-Identifier: Apache-2.0
import { Button, Switch } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { caseTimelineQuery, useCaseAction } from '../../api/cases'
import type { Case } from '../../api/client'
import { useCan } from '../../app/session'
import { Panel } from '../../components/Panel'
import { usePersonName } from '../../components/Person'
import { CommentBox } from '../../components/work/CommentBox'
import { HistoryList } from '../../components/work/HistoryList'
import { shownError } from '../../lib/conflict'
import { asSentence } from '../../lib/format'
import { t } from '../../lib/i18n'
import { isView } from '../../lib/timeline'
import { useKeys } from '../../lib/useKeys'
import styles from './Case.module.css'

export function TimelinePanel({ file }: { file: Case }) {
  const can = useCan()
  const nameOf = usePersonName()
  const [withViews, setWithViews] = useState(false)
  const inputRef = useRef<HTMLTextAreaElement>(null)
  const timeline = useInfiniteQuery(caseTimelineQuery(file.case_id))
  const { mutateAsync, isPending, error } = useCaseAction()
  useKeys({ m: () => inputRef.current?.focus() })
  const all = timeline.data?.pages.flatMap((page) => page.items) ?? []
  const entries = withViews ? all : all.filter((entry) => !isView(entry))
  const failure = shownError(error)
  // A note takes nothing from anybody: it needs no version.
  const send = (text: string, mentions: string[]) =>
    mutateAsync({ caseId: file.case_id, body: { action: 'note', text, mentions } })
  return (
    <Panel
      title={t('cases:timeline.title')}
      aside={
        <Switch
          size="xs"
          label={t('cases:timeline.views')}
          checked={withViews}
          onChange={(event) => setWithViews(event.currentTarget.checked)}
        />
      }
    >
      <div className={styles.timeline} data-testid="timeline">
        {can('work') && file.state !== 'CLOSED' && (
          <CommentBox
            label={t('cases:timeline.note')}
            isBusy={isPending}
            error={failure === null ? null : asSentence(failure)}
            inputRef={inputRef}
            onSend={send}
          />
        )}
        {timeline.data && entries.length === 0 && (
          <p className={styles.quiet}>{t('cases:timeline.none')}</p>
        )}
        <HistoryList
          entries={entries}
          nameOf={nameOf}
          currency={file.exposure.currency}
          subject={file.case_id}
        />
        {timeline.hasNextPage && (
          <Button
            variant="subtle"
            loading={timeline.isFetchingNextPage}
            onClick={() => void timeline.fetchNextPage()}
          >
            {t('cases:timeline.more')}
          </Button>
        )}
      </div>
    </Panel>
  )
}
