// SPDX-License-Identifier: Apache-2.0
import { Button, Group, Text } from '@mantine/core'
import { useState } from 'react'
import { t } from '../lib/i18n'

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
        {state === 'failed' ? t('verdictForm.undoFailed') : alertId}
      </Text>
      <Button variant="default" size="compact-sm" fz="xs" loading={state === 'busy'} onClick={run}>
        {t('actions.undo')}
      </Button>
    </Group>
  )
}
