// SPDX-License-Identifier: Apache-2.0
//
// The manager's report by e-mail: to whom, when, and how the last sending went.
import { Alert, Button, Group, Select, TagsInput, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { asSentence, formatTime } from '../../lib/format'
import { currentLocale, t } from '../../lib/i18n'
import { Problem } from '../admin/ConfirmDialog'
import type { SectionProps } from './FormSections'
import { Section } from './Section'
import { type Settings } from '../../api/settings'
import { type ReportSchedule, scheduleQuery, useSendReport } from './queries'

const read = (s: Settings) => ({
  report_to: s.report_to ? s.report_to.split(',').map((address) => address.trim()) : [],
  report_weekday: String(s.report_weekday),
  report_hour: String(s.report_hour),
})
type Draft = ReturnType<typeof read>
const write = (draft: Draft) => ({
  report_to: draft.report_to.join(','),
  report_weekday: Number(draft.report_weekday),
  report_hour: Number(draft.report_hour),
})

// 2024-01-01 was a Monday.
const weekdayName = (n: number) =>
  new Intl.DateTimeFormat(currentLocale(), { weekday: 'long', timeZone: 'UTC' }).format(
    Date.UTC(2024, 0, n),
  )
const hourName = (n: number) => `${String(n).padStart(2, '0')}:00`

export function ReportSection(props: SectionProps) {
  const { data: schedule } = useQuery(scheduleQuery)
  const days = [
    { value: '0', label: t('settings:everyDay') },
    ...[1, 2, 3, 4, 5, 6, 7].map((n) => ({ value: String(n), label: weekdayName(n) })),
    { value: '-1', label: t('settings:firstOfMonth') },
  ]
  const hours = Array.from({ length: 24 }, (_, n) => ({ value: String(n), label: hourName(n) }))
  return (
    <Section
      {...props}
      title={t('settings:sections.report')}
      help={t('settings:reportHelp')}
      read={read}
      write={write}
    >
      {({ draft, set, errorOf }) => (
        <>
          {schedule && !schedule.is_configured && (
            <Alert color="yellow" p="xs">
              {t('settings:noMail')}
            </Alert>
          )}
          <TagsInput
            size="xs"
            label={t('settings:fields.report_to')}
            placeholder="lp@example.com"
            value={draft.report_to}
            error={errorOf('report_to')}
            onChange={(value) => set({ report_to: value })}
          />
          <Group grow gap="xs">
            <Select
              label={t('settings:fields.report_weekday')}
              data={days}
              allowDeselect={false}
              value={draft.report_weekday}
              onChange={(value) => set({ report_weekday: value ?? '1' })}
            />
            <Select
              label={t('settings:fields.report_hour')}
              data={hours}
              allowDeselect={false}
              value={draft.report_hour}
              onChange={(value) => set({ report_hour: value ?? '7' })}
            />
          </Group>
          {schedule && <Sending schedule={schedule} isReadOnly={props.isReadOnly} />}
        </>
      )}
    </Section>
  )
}

function Sending({ schedule, isReadOnly }: { schedule: ReportSchedule; isReadOnly: boolean }) {
  const { mutate, error, isPending } = useSendReport()
  const isReady = schedule.is_configured && schedule.to.length > 0
  return (
    <>
      <Text size="sm" c="dimmed">
        {schedule.next_at &&
          t('settings:nextAt', { time: formatTime(schedule.next_at, 'dateTime') })}{' '}
        {schedule.last_sent_at &&
          t('settings:lastSent', { time: formatTime(schedule.last_sent_at, 'dateTime') })}
      </Text>
      {schedule.is_alarm && schedule.last_error && (
        <Alert color="red" p="xs">
          {asSentence(schedule.last_error)}
        </Alert>
      )}
      <Problem error={error} />
      {!isReadOnly && (
        <div>
          <Button
            variant="default"
            disabled={!isReady}
            loading={isPending || schedule.is_sending}
            onClick={() => mutate()}
          >
            {t('settings:sendNow')}
          </Button>
        </div>
      )}
    </>
  )
}
