// SPDX-License-Identifier: Apache-2.0
import { Kbd, Modal, Table } from '@mantine/core'
import { t } from '../lib/i18n'
import type common from '../locales/en/common.json'

const shortcuts: [string[], keyof (typeof common)['keys']][] = [
  [['Ctrl K'], 'palette'],
  [['j', 'k'], 'move'],
  [['o', 'Enter'], 'open'],
  [['u'], 'back'],
  [['x'], 'select'],
  [['b'], 'next'],
  [['c'], 'claim'],
  [['a'], 'assign'],
  [['s'], 'snooze'],
  [['e'], 'escalate'],
  [['y'], 'confirm'],
  [['r'], 'refute'],
  [['p'], 'operational'],
  [['i'], 'inconclusive'],
  [['1', '…', '9'], 'pick'],
  [['z'], 'undo'],
  [['m'], 'comment'],
  [['f'], 'case'],
  [['n'], 'arrivals'],
  [['/'], 'search'],
  [['?'], 'help'],
]

export function HelpDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t('shell.shortcuts')}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      <Table verticalSpacing={5} fz="sm">
        <Table.Tbody>
          {shortcuts.map(([keys, text]) => (
            <Table.Tr key={text}>
              <Table.Td w={120}>
                {keys.map((key) =>
                  key === '…' ? (
                    ' … '
                  ) : (
                    <Kbd key={key} size="xs" mr={4}>
                      {key}
                    </Kbd>
                  ),
                )}
              </Table.Td>
              <Table.Td>{t(`keys.${text}`)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  )
}
