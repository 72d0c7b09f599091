// SPDX-License-Identifier: Apache-2.0
//
// The head of a file: title, how far it is, who answers for it, its money, and the next step.
import { ActionIcon, Button, TextInput } from '@mantine/core'
import { ArrowLeft, Pencil, Search, UserPlus } from 'lucide-react'
import { type FormEvent, type ReactNode, useState } from 'react'
import { Link } from 'react-router-dom'
import { Person } from '../../components/Person'
import { PeopleList } from '../../components/work/PeopleList'
import { WorkPopover } from '../../components/work/WorkPopover'
import { formatMoment, formatMoney } from '../../lib/format'
import { t } from '../../lib/i18n'
import styles from './Case.module.css'
import { ClosingBanner, CloseButton, ReopenButton } from './Closing'
import { ExportMenu } from './ExportMenu'
import type { PanelProps } from './useFile'

const states = ['OPEN', 'INVESTIGATING', 'PENDING_APPROVAL', 'CLOSED'] as const

export function CaseHead({ file, work }: PanelProps) {
  return (
    <header className={styles.head}>
      <div className={styles.crumbs}>
        <Link to="/cases" aria-label={t('cases:back')}>
          <ArrowLeft size={15} style={{ verticalAlign: '-2.5px' }} /> {t('cases:title')}
        </Link>
        <span className="num">{file.case_id}</span>
        <Steps file={file} work={work} />
        <Actions file={file} work={work} />
      </div>
      <Title file={file} work={work} />
      <Facts file={file} work={work} />
      <ClosingBanner file={file} work={work} />
    </header>
  )
}

function Steps({ file }: PanelProps) {
  const at = states.indexOf(file.state)
  // Below the limit nobody has to approve; the step is not shown then.
  const shown = states.filter(
    (state) =>
      state !== 'PENDING_APPROVAL' ||
      file.needs_approval ||
      file.closing?.needs_approval ||
      file.state === state,
  )
  return (
    <ol className={styles.steps} aria-label={t('cases:steps')}>
      {shown.map((state) => {
        const index = states.indexOf(state)
        return (
          <li
            key={state}
            data-state={index < at ? 'past' : index === at ? 'now' : 'later'}
            aria-current={index === at ? 'step' : undefined}
          >
            {t(`caseState.${state}`)}
          </li>
        )
      })}
    </ol>
  )
}

function Actions({ file, work }: PanelProps) {
  return (
    <div className={styles.actions}>
      {work.canEdit && file.state === 'OPEN' && (
        <Button
          variant="default"
          leftSection={<Search size={14} />}
          loading={work.isPending}
          onClick={() => void work.run({ action: 'edit', state: 'INVESTIGATING' })}
        >
          {t('cases:investigate')}
        </Button>
      )}
      {work.canEdit && <CloseButton file={file} work={work} />}
      {work.canWork && file.state === 'CLOSED' && <ReopenButton file={file} work={work} />}
      <ExportMenu file={file} />
    </div>
  )
}

function Title({ file, work }: PanelProps) {
  const [draft, setDraft] = useState<string | null>(null)
  if (draft === null) {
    return (
      <div className={styles.titleRow}>
        <h1 data-testid="case-title">{file.title}</h1>
        {work.canEdit && (
          <ActionIcon aria-label={t('cases:rename')} onClick={() => setDraft(file.title)}>
            <Pencil size={14} />
          </ActionIcon>
        )}
      </div>
    )
  }
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    const title = draft.trim()
    if (!title || title === file.title) return setDraft(null)
    void work.run({ action: 'edit', title }).then((isDone) => isDone && setDraft(null))
  }
  return (
    <form className={styles.titleRow} onSubmit={onSubmit}>
      <TextInput
        className={styles.titleInput}
        size="sm"
        aria-label={t('work:caseTitle')}
        autoFocus
        maxLength={200}
        value={draft}
        onChange={(event) => setDraft(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Escape' && setDraft(null)}
      />
      <Button type="submit" loading={work.isPending}>
        {t('cases:save')}
      </Button>
      <Button variant="default" onClick={() => setDraft(null)}>
        {t('actions.cancel')}
      </Button>
    </form>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Facts({ file, work }: PanelProps) {
  return (
    <dl className={styles.facts}>
      <Fact name={t('cases:fact.exposure')}>{formatMoney(file.exposure)}</Fact>
      <Fact name={t('cases:fact.recovered')}>{formatMoney(file.recovered)}</Fact>
      <Fact name={t('cases:fact.restitution')}>{formatMoney(file.restitution)}</Fact>
      <Fact name={t('cases:fact.owner')}>
        <Owner file={file} work={work} />
      </Fact>
      {file.store_id && (
        <Fact name={t('cases:fact.store')}>
          <Link to={`/stores/${encodeURIComponent(file.store_id)}`}>{file.store_id}</Link>
        </Fact>
      )}
      {file.region && <Fact name={t('cases:fact.region')}>{file.region}</Fact>}
      <Fact name={t('cases:fact.opened')}>{formatMoment(file.opened_at)}</Fact>
      <Fact name={t('cases:fact.changed')}>{formatMoment(file.updated_at)}</Fact>
    </dl>
  )
}

function Owner({ file, work }: PanelProps) {
  const [isOpen, setOpen] = useState(false)
  return (
    <span className={styles.owner}>
      <Person user={file.owner} />
      {work.canEdit && (
        <WorkPopover
          label={t('work:assign')}
          icon={UserPlus}
          variant="subtle"
          size="compact-xs"
          isOpen={isOpen}
          onToggle={setOpen}
        >
          <PeopleList
            current={file.owner}
            isBusy={work.isPending}
            canFree={false}
            onPick={(owner) =>
              void work.run({ action: 'edit', owner }).then((isDone) => isDone && setOpen(false))
            }
          />
        </WorkPopover>
      )}
    </span>
  )
}
