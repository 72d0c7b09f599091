// SPDX-License-Identifier: Apache-2.0
//
// An empty queue says why it is empty: no data yet, no match, or nothing to worry about.
import { ActionIcon, Button, CopyButton } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Check, Copy } from 'lucide-react'
import { type Summary, api, unwrap } from '../../api/client'
import { State } from '../../components/States'
import { type Filters, isNarrowed } from '../../lib/filters'
import { formatCount } from '../../lib/format'
import styles from './QueueEmpty.module.css'

interface Props {
  filters: Filters
  summary: Summary | undefined
  onClear: () => void
}

export function QueueEmpty({ filters, summary, onClear }: Props) {
  if (summary?.transactions === 0) return <FirstImport />
  if (isNarrowed(filters) || !['OPEN', 'ALL'].includes(filters.status)) {
    return (
      <State
        title="No alert matches"
        actions={<Button onClick={onClear}>Show all open alerts</Button>}
      >
        <p>Nothing in the queue fits these filters.</p>
      </State>
    )
  }
  return (
    <State title="Nothing to look at">
      <p>
        {summary
          ? `${formatCount(summary.transactions)} transactions of ${formatCount(summary.stores)} stores are watched. `
          : ''}
        New alerts appear here by themselves.
      </p>
    </State>
  )
}

const curl = (token: string) => `curl -H "Authorization: Bearer ${token}" \\
     -H "Content-Type: application/x-ndjson" \\
     --data-binary @transactions.ndjson \\
     ${window.location.origin}/v1/transactions`

function FirstImport() {
  return (
    <div className={styles.scroll}>
      <section className={styles.guide}>
        <h2>Give Tillwatch its first transactions</h2>
        <p>
          Eleven columns are enough. Tillwatch learns what is normal from the first days; alerts
          appear here while it reads.
        </p>
        <ol className={styles.steps}>
          <li>
            <h3>Send them over HTTP</h3>
            <SendStep />
          </li>
          <li>
            <h3>Or import files</h3>
            <Code text="tillwatch import transactions.ndjson" />
            <p>
              NDJSON or CSV, also compressed; “--map” fits any other layout. Stop the server
              meanwhile: one process owns the data.
            </p>
          </li>
          <li>
            <h3>Or try it with a simulated chain</h3>
            <Code text="tillwatch demo" />
            <p>Sixty stores, five weeks, thieves included.</p>
          </li>
        </ol>
      </section>
    </div>
  )
}

// The command works as it stands once a token is made; its secret is shown this one time.
function SendStep() {
  const token = useMutation({
    mutationFn: () =>
      unwrap(api.POST('/v1/tokens', { body: { name: 'first import', rights: ['ingest'] } })),
  })
  return (
    <>
      <Code text={curl(token.data?.token ?? '$TOKEN')} />
      {token.data ? (
        <p>Copy it now: the token is not shown again. It may only send records.</p>
      ) : (
        <p>
          One JSON object or a batch of lines; each record is scored at once and answered in order.{' '}
          <Button
            variant="default"
            size="compact-sm"
            fz="xs"
            loading={token.isPending}
            onClick={() => token.mutate()}
          >
            Create a token
          </Button>
          {token.error && <span role="alert"> {token.error.message}</span>}
        </p>
      )}
    </>
  )
}

function Code({ text }: { text: string }) {
  return (
    <div className={styles.code}>
      <pre tabIndex={0}>{text}</pre>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <ActionIcon onClick={copy} aria-label={copied ? 'Copied' : 'Copy'}>
            {copied ? <Check size={14} /> : <Copy size={14} />}
          </ActionIcon>
        )}
      </CopyButton>
    </div>
  )
}
