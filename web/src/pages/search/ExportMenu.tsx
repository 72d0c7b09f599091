// SPDX-License-Identifier: Apache-2.0
import { Button, Menu } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { type LakeExport, downloadExport } from '../../api/insight'
import { asSentence } from '../../lib/format'
import { t } from '../../lib/i18n'

const formats = ['csv', 'parquet'] as const

// What is exported: a search, or SQL.
export function ExportMenu({
  what,
  isDisabled,
}: {
  what: Omit<LakeExport, 'format'>
  isDisabled: boolean
}) {
  const { mutate, isPending } = useMutation({
    mutationFn: downloadExport,
    onError: (error) =>
      notifications.show({
        title: t('search:exportFailed'),
        message: asSentence(error.message),
        color: 'red',
      }),
  })
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <Button
          variant="default"
          leftSection={<Download size={14} />}
          loading={isPending}
          disabled={isDisabled}
        >
          {t('search:export')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {formats.map((format) => (
          <Menu.Item key={format} onClick={() => mutate({ format, ...what })}>
            {t(`search:format.${format}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
