// SPDX-License-Identifier: Apache-2.0
//
// The page on paper: the server's one-page PDF, the browser's print, and the report by e-mail.
import { Button, Menu } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useQuery } from '@tanstack/react-query'
import { ChevronDown, FileDown, Mail, Printer } from 'lucide-react'
import type { MetricsQuery } from '../../api/insight'
import { useCanEverywhere } from '../../app/session'
import { asSentence, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { type ReportSchedule, scheduleQuery, useSendReport } from '../settings/queries'
import styles from './Dashboard.module.css'

function reportPath({ from, to, region }: MetricsQuery): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries({ from, to, region }))
    if (value) params.set(name, value)
  const text = params.toString()
  return `/v1/metrics/report${text ? `?${text}` : ''}`
}

export function ReportMenu({ query }: { query: MetricsQuery }) {
  const can = useCanEverywhere()
  return (
    <span className={styles.report}>
      <Button
        component="a"
        href={reportPath(query)}
        download
        variant="default"
        leftSection={<FileDown size={14} />}
      >
        {t('dashboard:report.pdf')}
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button
            variant="default"
            px={8}
            aria-label={t('dashboard:report.more')}
            data-testid="report-menu"
          >
            <ChevronDown size={14} />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<Printer size={14} />} onClick={() => window.print()}>
            {t('dashboard:report.print')}
          </Menu.Item>
          {can('manage') && <MailItems />}
        </Menu.Dropdown>
      </Menu>
    </span>
  )
}

function scheduleText(schedule: ReportSchedule): string {
  if (!schedule.is_configured) return t('dashboard:report.noServer')
  if (schedule.last_error) return asSentence(schedule.last_error)
  if (!schedule.next_at) return t('dashboard:report.nobody')
  return t('dashboard:report.next', {
    time: formatTime(schedule.next_at, 'dateTime'),
    to: schedule.to.join(', '),
  })
}

function MailItems() {
  const { data } = useQuery(scheduleQuery)
  const { mutate } = useSendReport()
  const send = () =>
    mutate(undefined, {
      onSuccess: () => notifications.show({ message: t('dashboard:report.sending') }),
      onError: (error) => notifications.show({ message: asSentence(error.message), color: 'red' }),
    })
  if (!data) return null
  return (
    <>
      <Menu.Divider />
      <Menu.Label maw={280} style={{ whiteSpace: 'normal' }}>
        {scheduleText(data)}
      </Menu.Label>
      <Menu.Item
        leftSection={<Mail size={14} />}
        disabled={!data.is_configured || data.is_sending || data.to.length === 0}
        onClick={send}
      >
        {t('dashboard:report.send')}
      </Menu.Item>
    </>
  )
}
