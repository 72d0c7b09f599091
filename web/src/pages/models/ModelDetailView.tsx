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
import { labelText, modelKindLabels, modelStateLabels } from '../../lib/learning'
import { label } from '../../lib/vocabulary'
import page from '../Page.module.css'
import styles from './Models.module.css'

export function ModelDetailView({ model }: { model: ModelDetail }) {
  const hasClassifier = model.reliability.length > 0 || model.importance.length > 0
  return (
    <section className={styles.detail} aria-label={`Model ${model.id}`} data-testid="model">
      <div className={styles.detailHead}>
        <h2 className={styles.id}>{model.id}</h2>
        <span className={styles.state} data-state={model.state}>
          {modelStateLabels[model.state]}
        </span>
        <Files model={model} />
      </div>
      <ModelFacts model={model} />
      {hasClassifier && (
        <div className={page.columns}>
          <Panel
            title="Reliability"
            aside="Predicted against observed share of fraud, on later days"
          >
            {model.reliability.length ? (
              <ReliabilityChart bins={model.reliability} height={260} />
            ) : (
              <p className={styles.quiet}>Nobody has told the model’s reliability.</p>
            )}
          </Panel>
          <Panel title="What it looks at" aside="Share of the trees’ gain">
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
        Model card
      </Button>
      <Anchor href={path} download fz="xs" className={styles.file}>
        <Download size={14} aria-hidden="true" /> Model file
      </Anchor>
      {model.kind === 'classifier' && (
        <Anchor href={`${path}?format=xgboost-json`} download fz="xs" className={styles.file}>
          <Download size={14} aria-hidden="true" /> For XGBoost
        </Anchor>
      )}
      <Modal
        opened={isCardOpen}
        onClose={() => setCardOpen(false)}
        title="Model card"
        size="xl"
        closeButtonProps={{ 'aria-label': 'Close' }}
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
        ['Kind', modelKindLabels[model.kind]],
        ['Came', formatTime(model.created_at, 'dateTime')],
        [
          'Learned from',
          rows?.from && rows.to
            ? `${formatTime(rows.from, 'monthDay')} to ${formatTime(rows.to, 'date')}`
            : null,
        ],
        ['Transactions', count(rows?.transactions ?? model.transactions)],
        ['Rows kept', count(rows?.kept)],
        ['Labels', labelText(rows)],
        [
          'Alerts learned from',
          metrics?.alerts === null || metrics?.alerts === undefined
            ? null
            : `${formatCount(metrics.alerts)}, ${formatCount(metrics.alerts_confirmed ?? 0)} confirmed`,
        ],
        ['Average precision', intervalLine(metrics?.ap)],
        ['Precision', intervalLine(metrics?.precision, 'percent')],
        ['Recall', metrics?.recall === null || !metrics ? null : formatPercent(metrics.recall)],
        ['AUC', ratio(metrics?.auc)],
        ['Calibration error', ratio(metrics?.calibration_error)],
        [
          'Trees',
          params?.rounds ? `${formatCount(params.rounds)} of depth ${params.depth ?? '–'}` : null,
        ],
        [
          'Parent',
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
        ['Code', model.code_version],
        ['SHA-256', <span className={styles.id}>{model.sha256.slice(0, 16)}</span>],
      ]}
    />
  )
}

function Importance({ inputs }: { inputs: InputShare[] }) {
  if (inputs.length === 0) return <p className={styles.quiet}>Not known.</p>
  const most = inputs[0]?.share ?? 1
  return (
    <ol className={styles.importance}>
      {inputs.slice(0, 12).map((input) => (
        <li
          key={input.input}
          style={{ '--share': `${(100 * input.share) / most}%` } as CSSProperties}
        >
          {input.help ? <Help text={input.help}>{input.title}</Help> : <span>{input.title}</span>}
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
    <Panel title="Search" aside="Each set of parameters on later blocks of time" isFlush>
      <div className={page.wide} tabIndex={0} role="group" aria-label="Search">
        <table className={lists.table} style={{ minWidth: 520 }}>
          <thead>
            <tr>
              {figures.map((name) => (
                <th key={name} scope="col" className={lists.figure}>
                  {label(name)}
                </th>
              ))}
              <th scope="col" className={lists.figure}>
                Log loss
              </th>
              <th scope="col" className={lists.figure}>
                AP
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
    <Panel title="History" aside="Facts of the journal" isFlush>
      <table className={lists.table}>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col">Who</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {model.changes.map((change) => (
            <tr key={change.seq}>
              <td className="num">{formatTime(change.at, 'dateTime')}</td>
              <td>{label(change.what)}</td>
              <td>{change.by}</td>
              <td>{change.reason ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}
