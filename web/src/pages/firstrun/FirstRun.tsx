// SPDX-License-Identifier: Apache-2.0
//
// An empty system leads to its first transactions: a feed, a file, or a chain to try it with.
import { ActionIcon, Button, CopyButton } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Check, Copy } from 'lucide-react'
import type { ReactNode } from 'react'
import { api, unwrap } from '../../api/client'
import { useCan } from '../../app/session'
import { t } from '../../lib/i18n'
import { FileStep } from './FileStep'
import styles from './FirstRun.module.css'

const curl = (token: string) => `curl -H "Authorization: Bearer ${token}" \\
     -H "Content-Type: application/x-ndjson" \\
     --data-binary @transactions.ndjson \\
     ${window.location.origin}/v1/transactions`

export function FirstRun() {
  const can = useCan()
  return (
    <div className={styles.scroll}>
      <section className={styles.guide}>
        <h2>{t('firstrun:title')}</h2>
        <p>{t('firstrun:lead')}</p>
        <ol className={styles.steps}>
          <Step title={t('firstrun:feed.title')}>
            <FeedStep />
          </Step>
          {can('ingest') && (
            <Step title={t('firstrun:file.title')}>
              <FileStep />
            </Step>
          )}
          <Step title={t('firstrun:import.title')}>
            <Code text="tillwatch import transactions.ndjson" />
            <p>{t('firstrun:import.text')}</p>
          </Step>
          <Step title={t('firstrun:demo.title')}>
            <Code text="tillwatch demo" />
            <p>{t('firstrun:demo.text')}</p>
          </Step>
        </ol>
        <h3>{t('firstrun:next.title')}</h3>
        <ol className={styles.next}>
          {(['seconds', 'days', 'verdicts', 'night'] as const).map((name) => (
            <li key={name}>{t(`firstrun:next.${name}`)}</li>
          ))}
        </ol>
      </section>
    </div>
  )
}

function Step({ title, children }: { title: string; children: ReactNode }) {
  return (
    <li>
      <h3>{title}</h3>
      {children}
    </li>
  )
}

// The command works as it stands once a token is made; its secret is shown this one time.
function FeedStep() {
  const can = useCan()
  const token = useMutation({
    mutationFn: () =>
      unwrap(api.POST('/v1/tokens', { body: { name: 'first import', rights: ['ingest'] } })),
  })
  return (
    <>
      <Code text={curl(token.data?.token ?? '$TOKEN')} />
      <p>
        {token.data ? t('firstrun:feed.made') : t('firstrun:feed.text')}{' '}
        {!token.data && can('admin') && (
          <Button
            variant="default"
            size="compact-sm"
            fz="xs"
            loading={token.isPending}
            onClick={() => token.mutate()}
          >
            {t('firstrun:feed.token')}
          </Button>
        )}
        {token.error && <span role="alert"> {token.error.message}</span>}
      </p>
    </>
  )
}

function Code({ text }: { text: string }) {
  return (
    <div className={styles.code}>
      <pre tabIndex={0}>{text}</pre>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <ActionIcon onClick={copy} aria-label={copied ? t('actions.copied') : t('actions.copy')}>
            {copied ? <Check size={14} /> : <Copy size={14} />}
          </ActionIcon>
        )}
      </CopyButton>
    </div>
  )
}
