// SPDX-License-Identifier: Apache-2.0
//
// What colleagues said and did about the alert. Who merely looked is shown on request.
import { Button, Switch } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import type { AlertDetail } from '../../api/client'
import { alertHistoryQuery, useAlertAction } from '../../api/work'
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
import styles from './AlertPage.module.css'

export function DiscussionPanel({ alert }: { alert: AlertDetail }) {
  const can = useCan()
  const nameOf = usePersonName()
  const [withViews, setWithViews] = useState(false)
  const inputRef = useRef<HTMLTextAreaElement>(null)
  const history = useInfiniteQuery(alertHistoryQuery(alert.alert_id))
  const { mutateAsync, isPending, error } = useAlertAction()
  useKeys({ m: () => inputRef.current?.focus() })
  const all = history.data?.pages.flatMap((page) => page.items) ?? []
  const entries = withViews ? all : all.filter((entry) => !isView(entry))
  const failure = shownError(error)
  // A comment takes nothing from anybody: it needs no version.
  const send = (text: string, mentions: string[]) =>
    mutateAsync({ alertId: alert.alert_id, body: { action: 'comment', text, mentions } })
  return (
    <Panel
      title={t('alert:history.title')}
      aside={
        <Switch
          size="xs"
          label={t('alert:history.views')}
          checked={withViews}
          onChange={(event) => setWithViews(event.currentTarget.checked)}
        />
      }
    >
      <div className={styles.discussion} data-testid="history">
        {can('work') && (
          <CommentBox
            label={t('work:comment')}
            isBusy={isPending}
            error={failure === null ? null : asSentence(failure)}
            inputRef={inputRef}
            onSend={send}
          />
        )}
        {history.data && entries.length === 0 && (
          <p className={styles.quiet}>{t('alert:history.none')}</p>
        )}
        <HistoryList entries={entries} nameOf={nameOf} currency={alert.exposure.currency} />
        {history.hasNextPage && (
          <Button
            variant="subtle"
            loading={history.isFetchingNextPage}
            onClick={() => void history.fetchNextPage()}
          >
            {t('alert:history.more')}
          </Button>
        )}
      </div>
    </Panel>
  )
}
