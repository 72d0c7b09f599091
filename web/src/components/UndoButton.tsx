// SPDX-License-Identifier: Apache-2.0
import { Button, Group, Text } from '@mantine/core'
import { useState } from 'react'

interface Props {
  alertId: string
  onUndo: () => Promise<unknown>
}

export function UndoButton({ alertId, onUndo }: Props) {
  const [state, setState] = useState<'idle' | 'busy' | 'failed'>('idle')
  const run = () => {
    setState('busy')
    onUndo().catch(() => setState('failed'))
  }
  return (
    <Group justify="space-between" wrap="nowrap">
      <Text size="sm" c="dimmed">
        {state === 'failed' ? 'This could not be undone' : alertId}
      </Text>
      <Button variant="default" size="compact-sm" fz="xs" loading={state === 'busy'} onClick={run}>
        Undo
      </Button>
    </Group>
  )
}
