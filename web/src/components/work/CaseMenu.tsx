// SPDX-License-Identifier: Apache-2.0
import type { ButtonProps } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { FolderPlus } from 'lucide-react'
import { useState } from 'react'
import { useNavigate } from 'react-router-dom'
import { t } from '../../lib/i18n'
import { type CaseContents, CaseForm } from './CaseForm'
import { WorkPopover } from './WorkPopover'

interface Props extends Pick<ButtonProps, 'variant'> {
  contents: CaseContents
  // Where the caller opens it by a key; else the button alone does.
  isOpen?: boolean
  onToggle?: (isOpen: boolean) => void
}

// "Add to case", for any page: a case that is opened is gone to, one that grows is named.
export function CaseMenu({ contents, isOpen, onToggle, variant }: Props) {
  const navigate = useNavigate()
  const [isOpenHere, setOpenHere] = useState(false)
  const toggle = onToggle ?? setOpenHere
  const onDone = (caseId: string, isNew: boolean) => {
    toggle(false)
    if (isNew) navigate(`/cases/${encodeURIComponent(caseId)}`)
    else notifications.show({ message: t('work:added', { id: caseId }) })
  }
  return (
    <WorkPopover
      label={t('work:addToCase')}
      icon={FolderPlus}
      shortcut="f"
      variant={variant ?? 'default'}
      isOpen={isOpen ?? isOpenHere}
      onToggle={toggle}
    >
      <CaseForm contents={contents} onDone={onDone} />
    </WorkPopover>
  )
}
