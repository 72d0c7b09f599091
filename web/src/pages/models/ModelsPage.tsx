// SPDX-License-Identifier: Apache-2.0
//
// Model versions: what scores, what waits to take over, why, and how to change that. The address
// bar says which version is shown in full.
import { Button, FileButton, Progress } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Play, Undo2, Upload } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useSearchParams } from 'react-router-dom'
import type { Model, Trainings } from '../../api/client'
import {
  type ModelAction,
  invalidateLearning,
  modelQuery,
  modelsQuery,
  trainingsQuery,
  useImportModel,
  useStartTraining,
} from '../../api/queries'
import { useCanEverywhere } from '../../app/session'
import { ErrorState, State } from '../../components/States'
import { asSentence, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { outcomeLabel, stageText } from '../../lib/learning'
import { serverSentence } from '../../lib/serverSentence'
import { useTitle } from '../../lib/useTitle'
import page from '../Page.module.css'
import { PageSkeleton } from '../PageSkeleton'
import { ActionDialog } from './ActionDialog'
import { ModelDetailView } from './ModelDetailView'
import { ModelTable } from './ModelTable'
import styles from './Models.module.css'
import { VersusPanel } from './VersusPanel'

export interface Wanted {
  action: ModelAction
  model: Model
}

export function ModelsPage() {
  useTitle(t('pages.models'))
  const models = useQuery(modelsQuery)
  const trainings = useQuery(trainingsQuery)
  const can = useCanEverywhere()
  const [wanted, setWanted] = useState<Wanted | null>(null)
  const error = models.error ?? trainings.error
  if (error && !(models.data && trainings.data)) {
    const retry = () => void Promise.all([models.refetch(), trainings.refetch()])
    return <ErrorState title={t('models:failed')} error={error} onRetry={retry} />
  }
  if (!models.data || !trainings.data) return <PageSkeleton />
  const mayChange = can('manage')
  const champion = models.data.items.find((model) => model.state === 'champion')
  const challenger = models.data.items.find((model) => model.state === 'challenger')
  return (
    <div className={page.page}>
      <Head
        trainings={trainings.data}
        champion={champion}
        mayChange={mayChange}
        onWanted={setWanted}
      />
      {models.data.items.length === 0 ? (
        <State title={t('models:none')}>
          <p>{t('models:noneHelp')}</p>
        </State>
      ) : (
        <>
          {champion && challenger && (
            <VersusPanel
              champion={champion}
              challenger={challenger}
              mayChange={mayChange}
              onWanted={setWanted}
            />
          )}
          <ModelTable models={models.data.items} mayChange={mayChange} onWanted={setWanted} />
          <Shown models={models.data.items} />
        </>
      )}
      <ActionDialog wanted={wanted} onClose={() => setWanted(null)} />
    </div>
  )
}

function Shown({ models }: { models: Model[] }) {
  const [params] = useSearchParams()
  const first = models.find((model) => model.state === 'challenger') ?? models[0]
  const id = params.get('model') ?? first?.id ?? ''
  const { data, error, refetch } = useQuery(modelQuery(id))
  if (error && !data)
    return (
      <ErrorState
        title={t('models:failedOne', { id })}
        error={error}
        onRetry={() => void refetch()}
      />
    )
  return data ? (
    <ModelDetailView model={data} />
  ) : (
    <div style={{ minHeight: 480 }} aria-busy="true" />
  )
}

interface HeadProps {
  trainings: Trainings
  champion: Model | undefined
  mayChange: boolean
  onWanted: (wanted: Wanted) => void
}

function Head({ trainings, champion, mayChange, onWanted }: HeadProps) {
  const start = useStartTraining()
  const take = useImportModel()
  const problem = start.error ?? take.error
  return (
    <>
      <div className={styles.top}>
        <h1>{t('pages.models')}</h1>
        <TrainingText trainings={trainings} />
        {mayChange && (
          <div className={styles.actions}>
            <FileButton
              onChange={(file) => file && take.mutate(file)}
              accept=".twm,.json,.ubj"
              inputProps={{ 'aria-label': t('models:file') }}
            >
              {(props) => (
                <Button
                  {...props}
                  variant="default"
                  leftSection={<Upload size={14} />}
                  loading={take.isPending}
                >
                  {t('models:import')}
                </Button>
              )}
            </FileButton>
            {champion && (
              <Button
                variant="default"
                leftSection={<Undo2 size={14} />}
                onClick={() => onWanted({ action: 'rollback', model: champion })}
              >
                {t('models:rollback')}
              </Button>
            )}
            <Button
              leftSection={<Play size={14} />}
              loading={start.isPending}
              disabled={!trainings.can_train || trainings.state === 'running'}
              onClick={() => start.mutate()}
            >
              {t('models:trainNow')}
            </Button>
          </div>
        )}
      </div>
      {problem && (
        <p className={styles.problem} role="alert">
          {asSentence(problem.message)}
        </p>
      )}
      <TrainingProgress trainings={trainings} />
    </>
  )
}

function TrainingText({ trainings }: { trainings: Trainings }) {
  const last = trainings.history[0]
  return (
    <p className={styles.training}>
      {last ? (
        <>
          {t('models:lastTraining', { time: formatTime(last.finished_at, 'dateTime') })}{' '}
          <b>{outcomeLabel(last.outcome)}</b>. {asSentence(serverSentence(last.sentence))}
        </>
      ) : trainings.last_at ? (
        t('models:lastTraining', { time: formatTime(trainings.last_at, 'dateTime') })
      ) : (
        t('models:neverTrained')
      )}{' '}
      {trainings.next_at
        ? t('models:nextTraining', { time: formatTime(trainings.next_at, 'dateTime') })
        : t('models:noNext')}
    </p>
  )
}

function TrainingProgress({ trainings }: { trainings: Trainings }) {
  const client = useQueryClient()
  const wasRunning = useRef(false)
  const isRunning = trainings.state === 'running'
  useEffect(() => {
    // What a training has brought is shown when it ends.
    if (wasRunning.current && !isRunning) void invalidateLearning(client)
    wasRunning.current = isRunning
  }, [client, isRunning])
  const { running } = trainings
  if (!running) return null
  const share = running.all > 0 ? (100 * running.done) / running.all : 0
  return (
    <div className={styles.progress} role="status">
      <span>{stageText(running)}</span>
      <Progress
        value={share}
        aria-label={t('models:progress')}
        animated={running.all === 0}
        size="sm"
      />
    </div>
  )
}
