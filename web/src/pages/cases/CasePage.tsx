// SPDX-License-Identifier: Apache-2.0
//
// A case file: who and what it is about, the evidence, the work, the money, and how it ends.
import { useQuery } from '@tanstack/react-query'
import { useParams } from 'react-router-dom'
import { caseQuery } from '../../api/cases'
import type { Case } from '../../api/client'
import { QueryError } from '../../components/States'
import { useTitle } from '../../lib/useTitle'
import { PageSkeleton } from '../PageSkeleton'
import { AlertsPanel } from './AlertsPanel'
import { CaseHead } from './CaseHead'
import styles from './Case.module.css'
import { CustodyPanel } from './CustodyPanel'
import { EvidencePanel } from './EvidencePanel'
import { MoneyPanel, ReferralsPanel } from './MoneyPanel'
import { SubjectsPanel } from './SubjectsPanel'
import { TasksPanel } from './TasksPanel'
import { TimelinePanel } from './TimelinePanel'
import { TransactionsPanel } from './TransactionsPanel'
import { useFile } from './useFile'

export function CasePage() {
  const { caseId = '' } = useParams()
  const { data, error, refetch } = useQuery(caseQuery(caseId))
  useTitle(data ? `${data.case_id} ${data.title}` : caseId)
  if (error && !data)
    return <QueryError what="case" id={caseId} error={error} onRetry={() => void refetch()} />
  return data ? <CaseView key={caseId} file={data} /> : <PageSkeleton />
}

function CaseView({ file }: { file: Case }) {
  const work = useFile(file)
  return (
    <div className={styles.page}>
      <CaseHead file={file} work={work} />
      <div className={styles.columns}>
        <div className={styles.column}>
          <AlertsPanel file={file} work={work} />
          <EvidencePanel file={file} work={work} />
          <TransactionsPanel file={file} work={work} />
        </div>
        <div className={styles.column}>
          <SubjectsPanel file={file} work={work} />
          <TasksPanel file={file} work={work} />
          <MoneyPanel file={file} work={work} />
          <ReferralsPanel file={file} work={work} />
        </div>
        <div className={styles.column}>
          <TimelinePanel file={file} />
          <CustodyPanel file={file} />
        </div>
      </div>
    </div>
  )
}
