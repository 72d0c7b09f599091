// SPDX-License-Identifier: Apache-2.0
import { Button, Checkbox, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { Case } from '../../api/client'
import { peopleQuery } from '../../api/work'
import { Panel } from '../../components/Panel'
import { Avatar } from '../../components/Person'
import { formatCount, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { useNow } from '../../lib/useNow'
import styles from './Case.module.css'
import type { PanelProps } from './useFile'

// What is open comes first, what is due first among it.
function inOrder(tasks: Case['tasks']) {
  const dueOf = (task: Case['tasks'][number]) => (task.due ? Date.parse(task.due) : Infinity)
  return [...tasks].sort(
    (a, b) => Number(a.is_done) - Number(b.is_done) || dueOf(a) - dueOf(b) || 0,
  )
}

export function TasksPanel({ file, work }: PanelProps) {
  const now = useNow()
  // A tick shows at once; the server's answer replaces it.
  const [ticks, setTicks] = useState<Record<string, boolean>>({})
  const tick = (taskId: string, isDone: boolean) => {
    setTicks((all) => ({ ...all, [taskId]: isDone }))
    void work.run({ action: 'task', task_id: taskId, is_done: isDone }).then(() =>
      setTicks((all) => {
        const { [taskId]: _answered, ...others } = all
        return others
      }),
    )
  }
  return (
    <Panel
      title={t('cases:tasks.title')}
      aside={
        file.task_n > 0 ? (
          <span className="num">
            {formatCount(file.task_n - file.task_open_n)} / {formatCount(file.task_n)}
          </span>
        ) : undefined
      }
    >
      {file.tasks.length === 0 && <p className={styles.quiet}>{t('cases:tasks.none')}</p>}
      <ul className={styles.tasks}>
        {inOrder(file.tasks).map((task) => {
          const isLate = !task.is_done && task.due !== null && Date.parse(task.due) < now
          return (
            <li key={task.task_id} data-done={task.is_done || undefined}>
              <Checkbox
                size="xs"
                label={task.title}
                checked={ticks[task.task_id] ?? task.is_done}
                disabled={!work.canEdit}
                onChange={(event) => tick(task.task_id, event.currentTarget.checked)}
              />
              <span className={styles.taskMeta}>
                {task.due && (
                  <span data-late={isLate || undefined}>
                    {isLate
                      ? t('cases:tasks.late', { time: formatTime(task.due, 'monthDay') })
                      : t('cases:tasks.dueAt', { time: formatTime(task.due, 'monthDay') })}
                  </span>
                )}
                {task.assignee && <Avatar user={task.assignee} />}
              </span>
            </li>
          )
        })}
      </ul>
      {work.canEdit && <AddTask file={file} work={work} />}
    </Panel>
  )
}

function AddTask({ work }: PanelProps) {
  const people = useQuery(peopleQuery)
  const [title, setTitle] = useState('')
  const [assignee, setAssignee] = useState<string | null>(null)
  const [due, setDue] = useState('')
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    // A day is over at its end, by the clock of whoever plans it.
    const until = due ? new Date(`${due}T18:00`).toISOString() : undefined
    const body = {
      action: 'task' as const,
      title: title.trim(),
      ...(assignee && { assignee }),
      ...(until && { due: until }),
    }
    void work.run(body).then((isDone) => {
      if (!isDone) return
      setTitle('')
      setDue('')
    })
  }
  return (
    <form className={styles.addRow} data-inset onSubmit={onSubmit}>
      <TextInput
        className={styles.wide}
        aria-label={t('cases:tasks.new')}
        placeholder={t('cases:tasks.new')}
        maxLength={200}
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
      />
      <Select
        className={styles.grow}
        aria-label={t('cases:tasks.who')}
        placeholder={t('cases:tasks.who')}
        data={(people.data?.items ?? [])
          .filter((person) => person.can_work)
          .map((person) => ({ value: person.user_id, label: person.name }))}
        searchable
        clearable
        value={assignee}
        onChange={setAssignee}
      />
      <TextInput
        type="date"
        aria-label={t('cases:tasks.due')}
        value={due}
        onChange={(event) => setDue(event.currentTarget.value)}
      />
      <Button type="submit" variant="default" disabled={!title.trim()} loading={work.isPending}>
        {t('cases:tasks.add')}
      </Button>
    </form>
  )
}
