// SPDX-License-Identifier: Apache-2.0
import { ActionIcon, Button, Select, TextInput } from '@mantine/core'
import { X } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { Link } from 'react-router-dom'
import type { Subject, SubjectKind } from '../../api/client'
import { Panel } from '../../components/Panel'
import { shortToken } from '../../lib/entity'
import { t } from '../../lib/i18n'
import styles from './Case.module.css'
import type { PanelProps } from './useFile'

const kinds: SubjectKind[] = ['EMPLOYEE', 'CARD', 'CUSTOMER', 'REGISTER', 'STORE', 'ITEM']

function pathOf({ kind, id }: Subject): string {
  const [store = '', register = ''] = id.split('/')
  switch (kind) {
    case 'EMPLOYEE':
      return `/employees/${encodeURIComponent(id)}`
    case 'CARD':
      return `/cards/${encodeURIComponent(id)}`
    case 'CUSTOMER':
      return `/customers/${encodeURIComponent(id)}`
    case 'REGISTER':
      return `/stores/${encodeURIComponent(store)}/registers/${encodeURIComponent(register)}`
    case 'STORE':
      return `/stores/${encodeURIComponent(id)}`
    case 'ITEM':
      return `/items/${encodeURIComponent(id)}`
  }
}

const textOf = ({ kind, id }: Subject) =>
  `${t(`cases:subjects.${kind}`)} ${kind === 'CARD' || kind === 'CUSTOMER' ? shortToken(id) : id}`

export function SubjectsPanel({ file, work }: PanelProps) {
  return (
    <Panel title={t('cases:subjects.title')}>
      {file.subjects.length === 0 && <p className={styles.quiet}>{t('cases:subjects.none')}</p>}
      <ul className={styles.chips}>
        {file.subjects.map((subject) => (
          <li key={`${subject.kind}/${subject.id}`}>
            <Link to={pathOf(subject)}>{textOf(subject)}</Link>
            {work.canEdit && (
              <ActionIcon
                size="sm"
                aria-label={t('cases:subjects.remove', { what: textOf(subject) })}
                onClick={() =>
                  void work.run({
                    action: 'remove',
                    subjects: [{ kind: subject.kind, id: subject.id }],
                  })
                }
              >
                <X size={13} />
              </ActionIcon>
            )}
          </li>
        ))}
      </ul>
      {work.canEdit && <AddSubject file={file} work={work} />}
    </Panel>
  )
}

function AddSubject({ work }: PanelProps) {
  const [kind, setKind] = useState<SubjectKind>('EMPLOYEE')
  const [id, setId] = useState('')
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    void work
      .run({ action: 'add', subjects: [{ kind, id: id.trim() }] })
      .then((isDone) => isDone && setId(''))
  }
  return (
    <form className={styles.addRow} data-inset onSubmit={onSubmit}>
      <Select
        className={styles.kind}
        aria-label={t('cases:subjects.kind')}
        data={kinds.map((value) => ({ value, label: t(`cases:subjects.${value}`) }))}
        value={kind}
        allowDeselect={false}
        onChange={(value) => setKind((value ?? 'EMPLOYEE') as SubjectKind)}
      />
      <TextInput
        className={styles.grow}
        aria-label={t('cases:subjects.id')}
        placeholder={kind === 'REGISTER' ? t('cases:subjects.registerId') : t('cases:subjects.id')}
        maxLength={129}
        value={id}
        onChange={(event) => setId(event.currentTarget.value)}
      />
      <Button type="submit" variant="default" disabled={!id.trim()} loading={work.isPending}>
        {t('cases:subjects.add')}
      </Button>
    </form>
  )
}
