// SPDX-License-Identifier: Apache-2.0
//
// Tokens of programs: what they may do, and for which stores.
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { KeyRound } from 'lucide-react'
import { useState } from 'react'
import lists from '../../components/Lists.module.css'
import { Panel } from '../../components/Panel'
import { ErrorState, State } from '../../components/States'
import { StateTag } from '../../components/Tags'
import { formatTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { useNow } from '../../lib/useNow'
import page from '../Page.module.css'
import { PageSkeleton } from '../PageSkeleton'
import { ConfirmDialog } from './ConfirmDialog'
import { SecretDialog } from './SecretDialog'
import { TokenDialog } from './TokenDialog'
import { type Token, tokensQuery, useRevokeToken } from './queries'

export function TokensPanel() {
  const { data, error, refetch } = useQuery(tokensQuery)
  const [isMaking, setMaking] = useState(false)
  const [made, setMade] = useState<{ name: string; token: string } | null>(null)
  const [revoked, setRevoked] = useState<Token | null>(null)
  if (error && !data)
    return (
      <ErrorState
        title={t('admin:tokens.unreadable')}
        error={error}
        onRetry={() => void refetch()}
      />
    )
  if (!data) return <PageSkeleton />
  const button = (
    <Button leftSection={<KeyRound size={14} />} onClick={() => setMaking(true)}>
      {t('admin:tokens.create')}
    </Button>
  )
  return (
    <>
      {data.items.length === 0 ? (
        <State isPart title={t('admin:tokens.none')} actions={button}>
          <p>{t('admin:tokens.noneHelp')}</p>
        </State>
      ) : (
        <>
          <div className={page.tools}>{button}</div>
          <Panel title={t('admin:tokens.title')} className={page.spaced} isFlush>
            <TokenTable tokens={data.items} onRevoke={setRevoked} />
          </Panel>
        </>
      )}
      <TokenDialog
        isOpen={isMaking}
        onClose={() => setMaking(false)}
        onMade={(token) => {
          setMaking(false)
          setMade(token)
        }}
      />
      {made && (
        <SecretDialog
          title={t('admin:tokens.madeTitle', { name: made.name })}
          text={t('admin:tokens.madeText')}
          secret={made.token}
          onClose={() => setMade(null)}
        />
      )}
      {revoked && <RevokeDialog token={revoked} onClose={() => setRevoked(null)} />}
    </>
  )
}

function stateOf(token: Token, now: number): 'revoked' | 'expired' | 'valid' {
  if (token.revoked_at) return 'revoked'
  return token.expires_at && Date.parse(token.expires_at) <= now ? 'expired' : 'valid'
}

function TokenTable({ tokens, onRevoke }: { tokens: Token[]; onRevoke: (token: Token) => void }) {
  const now = useNow()
  return (
    <div className={page.wide} tabIndex={0} role="group" aria-label={t('admin:tokens.title')}>
      <table className={lists.table} style={{ minWidth: 760 }}>
        <thead>
          <tr>
            {(['name', 'rights', 'stores', 'created', 'expires', 'state'] as const).map((name) => (
              <th scope="col" key={name}>
                {t(`admin:tokens.${name}`)}
              </th>
            ))}
            <th scope="col">
              <span className="sr">{t('admin:actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => {
            const state = stateOf(token, now)
            return (
              <tr key={token.id}>
                <td>
                  <b>{token.name}</b>
                  <div className={`${page.mono} muted`}>{token.id}</div>
                </td>
                <td>{token.rights.join(', ')}</td>
                <td>
                  {token.stores.length === 0 ? t('admin:scope.all') : token.stores.join(', ')}
                </td>
                <td>
                  {formatTime(token.created_at, 'date')}
                  {token.created_by && <div className="muted">{token.created_by}</div>}
                </td>
                <td>
                  {token.expires_at
                    ? formatTime(token.expires_at, 'date')
                    : t('admin:tokens.neverExpires')}
                </td>
                <td>
                  <StateTag tone={state === 'valid' ? 'good' : 'none'}>
                    {t(`admin:tokens.states.${state}`)}
                  </StateTag>
                </td>
                <td>
                  {state !== 'revoked' && (
                    <Button
                      variant="default"
                      size="compact-xs"
                      aria-label={t('admin:tokens.revokeOne', { name: token.name })}
                      onClick={() => onRevoke(token)}
                    >
                      {t('admin:tokens.revoke')}
                    </Button>
                  )}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

function RevokeDialog({ token, onClose }: { token: Token; onClose: () => void }) {
  const { mutate, error, isPending } = useRevokeToken()
  return (
    <ConfirmDialog
      title={t('admin:tokens.revokeTitle', { name: token.name })}
      text={t('admin:tokens.revokeText')}
      button={t('admin:tokens.revoke')}
      error={error}
      isBusy={isPending}
      onClose={onClose}
      onConfirm={() => mutate(token.id, { onSuccess: onClose })}
    />
  )
}
