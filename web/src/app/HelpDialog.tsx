// SPDX-License-Identifier: Apache-2.0
//
// Help: keyboard shortcuts, the words of the trade, and the tour.
import { Button, Group, Kbd, Modal, Table, Tabs, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from 'react-router-dom'
import { loadNamespaces, t } from '../lib/i18n'
import type common from '../locales/en/common.json'
import type help from '../locales/en/help.json'
import { startTour } from './tour'

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

const terms: (keyof (typeof help)['terms'])[] = [
  'alert',
  'scheme',
  'signal',
  'risk',
  'exposure',
  'verdict',
  'precision',
  'recovered',
  'saved',
  'champion',
  'case',
  'four_eyes',
  'pseudonym',
]

export function HelpDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  // The texts come when the help is opened for the first time.
  const { data: isReady } = useQuery({
    queryKey: ['texts', 'help'],
    queryFn: () => loadNamespaces(['help']).then(() => true),
    enabled: isOpen,
    staleTime: Infinity,
  })
  return (
    <Modal
      opened={isOpen && isReady === true}
      onClose={onClose}
      size="lg"
      title={t('shell.help')}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      {isReady && <HelpTabs onClose={onClose} />}
    </Modal>
  )
}

function HelpTabs({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate()
  const start = () => {
    onClose()
    void navigate('/')
    // The queue is drawn and the dialog gone when the first step points at something.
    setTimeout(() => void startTour(), 300)
  }
  return (
    <Tabs defaultValue="shortcuts">
      <Tabs.List mb="xs">
        <Tabs.Tab value="shortcuts">{t('help:shortcuts')}</Tabs.Tab>
        <Tabs.Tab value="words">{t('help:words')}</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="shortcuts">
        <Shortcuts />
      </Tabs.Panel>
      <Tabs.Panel value="words">
        <Table verticalSpacing={5} fz="sm">
          <Table.Tbody>
            {terms.map((name) => (
              <Table.Tr key={name}>
                <Table.Th w={130} fw={600} style={{ verticalAlign: 'top' }}>
                  {t(`help:terms.${name}.word`)}
                </Table.Th>
                <Table.Td>{t(`help:terms.${name}.text`)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Tabs.Panel>
      <Group justify="space-between" mt="sm">
        <Text size="sm" c="dimmed">
          {t('help:tourHelp')}
        </Text>
        <Button variant="default" onClick={start}>
          {t('help:tour')}
        </Button>
      </Group>
    </Tabs>
  )
}

function Shortcuts() {
  return (
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
  )
}
