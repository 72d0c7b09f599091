// SPDX-License-Identifier: Apache-2.0
//
// One model version in full: lineage, figures, reliability, what it looks at, how it was found.
import { Anchor, Button, Modal } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Download, FileText } from 'lucide-react'
import { type CSSProperties, useState } from 'react'
import { Link } from 'react-router-dom'
import type { InputShare, ModelDetail } from '../../api/client'
import { modelCardQuery } from '../../api/queries'
import { ReliabilityChart } from '../../charts/lazy'
import { Facts } from '../../components/Facts'
import { intervalLine } from '../../components/Intervals'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { Help } from '../../components/Tags'
import { asSentence, formatCount, formatPercent, formatRatio, formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { labelText, modelKindLabel, modelStateLabel } from '../../lib/learning'
import { serverText } from '../../lib/serverText'
import page from '../Page.module.css'
import styles from './Models.module.css'

export function ModelDetailView({ model }: { model: ModelDetail }) {
  const hasClassifier = model.reliability.length > 0 || model.importance.length > 0
  return (
    <section
      className={styles.detail}
      aria-label={t('models:modelId', { id: model.id })}
      data-testid="model"
    >
      <div className={styles.detailHead}>
        <h2 className={styles.id}>{model.id}</h2>
        <span className={styles.state} data-state={model.state}>
          {modelStateLabel(model.state)}
        </span>
        <Files model={model} />
      </div>
      <ModelFacts model={model} />
      {hasClassifier && (
        <div className={page.columns}>
          <Panel title={t('models:reliability.title')} aside={t('models:reliability.aside')}>
            {model.reliability.length ? (
              <ReliabilityChart bins={model.reliability} height={260} />
            ) : (
              <p className={styles.quiet}>{t('models:reliability.none')}</p>
            )}
          </Panel>
          <Panel title={t('models:importance.title')} aside={t('models:importance.aside')}>
            <Importance inputs={model.importance} />
          </Panel>
        </div>
      )}
      <div className={page.columns}>
        {model.search.length > 0 ? <Search model={model} /> : null}
        <Changes model={model} />
      </div>
    </section>
  )
}

function Files({ model }: { model: ModelDetail }) {
  const [isCardOpen, setCardOpen] = useState(false)
  const path = `/v1/models/${encodeURIComponent(model.id)}/file`
  return (
    <span className={styles.files}>
      <Button
        size="compact-sm"
        fz="xs"
        variant="subtle"
        leftSection={<FileText size={14} />}
        onClick={() => setCardOpen(true)}
      >
        {t('models:card')}
      </Button>
      <Anchor href={path} download fz="xs" className={styles.file}>
        <Download size={14} aria-hidden="true" /> {t('models:file')}
      </Anchor>
      {model.kind === 'classifier' && (
        <Anchor href={`${path}?format=xgboost-json`} download fz="xs" className={styles.file}>
          <Download size={14} aria-hidden="true" /> {t('models:forXgboost')}
        </Anchor>
      )}
      <Modal
        opened={isCardOpen}
        onClose={() => setCardOpen(false)}
        title={t('models:card')}
        size="xl"
        closeButtonProps={{ 'aria-label': t('actions.close') }}
      >
        {isCardOpen && <Card modelId={model.id} />}
      </Modal>
    </span>
  )
}

function Card({ modelId }: { modelId: string }) {
  const { data, error } = useQuery(modelCardQuery(modelId))
  if (error) return <p role="alert">{asSentence(error.message)}</p>
  if (!data) return <p aria-busy="true">…</p>
  return (
    <pre className={styles.card} tabIndex={0}>
      {data}
    </pre>
  )
}

function ModelFacts({ model }: { model: ModelDetail }) {
  const { metrics, rows, params } = model
  const count = (value: number | null | undefined) =>
    value === null || value === undefined ? null : formatCount(value)
  const ratio = (value: number | null | undefined) =>
    value === null || value === undefined ? null : formatRatio(value)
  return (
    <Facts
      className={page.facts}
      facts={[
        [t('models:fact.kind'), modelKindLabel(model.kind)],
        [t('models:fact.came'), formatTime(model.created_at, 'dateTime')],
        [
          t('models:learnedFrom'),
          rows?.from && rows.to
            ? t('interval.to', {
                low: formatTime(rows.from, 'monthDay'),
                high: formatTime(rows.to, 'date'),
              })
            : null,
        ],
        [t('models:fact.transactions'), count(rows?.transactions ?? model.transactions)],
        [t('models:fact.rows'), count(rows?.kept)],
        [t('models:fact.labels'), labelText(rows)],
        [
          t('models:fact.alerts'),
          metrics?.alerts === null || metrics?.alerts === undefined
            ? null
            : t('models:alertsConfirmed', {
                n: formatCount(metrics.alerts),
                confirmed: formatCount(metrics.alerts_confirmed ?? 0),
              }),
        ],
        [t('models:averagePrecision'), intervalLine(metrics?.ap)],
        [t('models:precision'), intervalLine(metrics?.precision, 'percent')],
        [
          t('models:fact.recall'),
          metrics?.recall === null || !metrics ? null : formatPercent(metrics.recall),
        ],
        [t('models:fact.auc'), ratio(metrics?.auc)],
        [t('models:fact.calibration'), ratio(metrics?.calibration_error)],
        [
          t('models:fact.trees'),
          params?.rounds
            ? t('models:trees', { n: formatCount(params.rounds), depth: params.depth ?? '–' })
            : null,
        ],
        [
          t('models:fact.parent'),
          model.parent && (
            <Link
              to={`/models?model=${encodeURIComponent(model.parent)}`}
              replace
              className={styles.id}
            >
              {model.parent}
            </Link>
          ),
        ],
        [t('models:fact.code'), model.code_version],
        [t('models:fact.hash'), <span className={styles.id}>{model.sha256.slice(0, 16)}</span>],
      ]}
    />
  )
}

function Importance({ inputs }: { inputs: InputShare[] }) {
  if (inputs.length === 0) return <p className={styles.quiet}>{t('models:importance.none')}</p>
  const most = inputs[0]?.share ?? 1
  return (
    <ol className={styles.importance}>
      {inputs.slice(0, 12).map((input) => (
        <li
          key={input.input}
          style={{ '--share': `${(100 * input.share) / most}%` } as CSSProperties}
        >
          {input.help ? (
            <Help text={serverText(input.help)}>{serverText(input.title)}</Help>
          ) : (
            <span>{serverText(input.title)}</span>
          )}
          <i aria-hidden="true" />
          <span className="num">{formatPercent(input.share)}</span>
        </li>
      ))}
    </ol>
  )
}

function Search({ model }: { model: ModelDetail }) {
  const chosen = JSON.stringify(model.params)
  const figures = ['depth', 'eta', 'rounds', 'min_child_weight', 'lambda', 'subsample'] as const
  return (
    <Panel title={t('models:search.title')} aside={t('models:search.aside')} isFlush>
      <div className={page.wide} tabIndex={0} role="group" aria-label={t('models:search.title')}>
        <table className={lists.table} style={{ minWidth: 520 }}>
          <thead>
            <tr>
              {figures.map((name) => (
                <th key={name} scope="col" className={lists.figure}>
                  {t(`models:param.${name}`)}
                </th>
              ))}
              <th scope="col" className={lists.figure}>
                {t('models:search.loss')}
              </th>
              <th scope="col" className={lists.figure}>
                {t('models:search.ap')}
              </th>
            </tr>
          </thead>
          <tbody>
            {model.search.map((trial, index) => (
              <tr key={index} data-shown={JSON.stringify(trial.params) === chosen || undefined}>
                {figures.map((name) => (
                  <td key={name} className={lists.figure}>
                    {trial.params?.[name] ?? '–'}
                  </td>
                ))}
                <td className={lists.figure}>{trial.loss?.toFixed(4) ?? '–'}</td>
                <td className={lists.figure}>{trial.ap?.toFixed(3) ?? '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}

function Changes({ model }: { model: ModelDetail }) {
  return (
    <Panel title={t('models:history.title')} aside={t('models:history.aside')} isFlush>
      <table className={lists.table}>
        <thead>
          <tr>
            <th scope="col">{t('models:history.when')}</th>
            <th scope="col">{t('models:history.what')}</th>
            <th scope="col">{t('models:history.who')}</th>
            <th scope="col">{t('models:history.why')}</th>
          </tr>
        </thead>
        <tbody>
          {model.changes.map((change) => (
            <tr key={change.seq}>
              <td className="num">{formatTime(change.at, 'dateTime')}</td>
              <td>{t(`models:change.${change.what}`)}</td>
              <td>{change.by}</td>
              <td>{change.reason ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}
