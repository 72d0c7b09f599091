// SPDX-License-Identifier: Apache-2.0
import { Kbd, Modal, Table } from '@mantine/core'

const shortcuts: [string[], string][] = [
  [['j', 'k'], 'Next, previous alert'],
  [['o', 'Enter'], 'Open the selected alert'],
  [['u'], 'Back to the queue'],
  [['c'], 'Confirm: choose a reason'],
  [['r'], 'Refute: choose a reason'],
  [['p'], 'Operational: choose a reason'],
  [['i'], 'Inconclusive: choose a reason'],
  [['1', '…', '9'], 'Pick the reason in an open verdict'],
  [['z'], 'Undo the verdict of the open alert'],
  [['n'], 'Show new alerts'],
  [['/'], 'Search'],
  [['?'], 'This help'],
]

export function HelpDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title="Keyboard shortcuts"
      closeButtonProps={{ 'aria-label': 'Close' }}
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
              <Table.Td>{text}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  )
}
