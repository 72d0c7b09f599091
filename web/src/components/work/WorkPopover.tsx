// SPDX-License-Identifier: Apache-2.0
//
// A button with a small form under it. Its state is the caller's, so that a key opens it too.
import { Button, type ButtonProps, Popover, type PopoverProps } from '@mantine/core'
import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'

interface Props extends Pick<ButtonProps, 'variant' | 'loading' | 'size'> {
  label: string
  icon: LucideIcon
  shortcut?: string
  isOpen: boolean
  onToggle: (isOpen: boolean) => void
  position?: PopoverProps['position']
  children: ReactNode
}

export function WorkPopover({
  label,
  icon: Icon,
  shortcut,
  isOpen,
  onToggle,
  position = 'bottom-end',
  children,
  ...button
}: Props) {
  return (
    <Popover
      opened={isOpen}
      onChange={onToggle}
      position={position}
      trapFocus
      returnFocus
      shadow="md"
    >
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<Icon size={14} />}
          aria-keyshortcuts={shortcut}
          onClick={() => onToggle(!isOpen)}
          {...button}
        >
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={label}>{isOpen && children}</Popover.Dropdown>
    </Popover>
  )
}
