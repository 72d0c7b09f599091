// SPDX-License-Identifier: Apache-2.0
//
// What leaves the house: a PDF to read, a ZIP that proves itself. The browser fetches them by itself,
// so that even a large one passes through no memory.
import { Button, Menu } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Download, FileArchive, FileText } from 'lucide-react'
import { exportPath } from '../../api/cases'
import type { Case } from '../../api/client'
import { useCan } from '../../app/session'
import { t } from '../../lib/i18n'
import styles from './Case.module.css'

export const verifyCommand = (caseId: string) => `tillwatch cases verify ${caseId}.zip`

const shownAfterMs = 1_500

export function ExportMenu({ file }: { file: Case }) {
  const can = useCan()
  const client = useQueryClient()
  if (!can('work') || !can('names')) return null
  // The export is an entry of the timeline.
  const renew = () => {
    setTimeout(
      () => void client.invalidateQueries({ queryKey: ['case-timeline', file.case_id] }),
      shownAfterMs,
    )
  }
  return (
    <Menu position="bottom-end" width={300}>
      <Menu.Target>
        <Button variant="default" leftSection={<Download size={14} />}>
          {t('cases:export')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          component="a"
          href={exportPath(file.case_id, 'pdf')}
          download={`${file.case_id}.pdf`}
          leftSection={<FileText size={14} />}
          onClick={renew}
        >
          {t('cases:exportPdf')}
        </Menu.Item>
        <Menu.Item
          component="a"
          href={exportPath(file.case_id, 'zip')}
          download={`${file.case_id}.zip`}
          leftSection={<FileArchive size={14} />}
          onClick={renew}
        >
          {t('cases:exportZip')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>
          {t('cases:exportHelp')}
          <code className={styles.command}>{verifyCommand(file.case_id)}</code>
        </Menu.Label>
      </Menu.Dropdown>
    </Menu>
  )
}
