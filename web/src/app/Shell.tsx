// SPDX-License-Identifier: Apache-2.0
//
// The frame of every page: navigation, live figures, the state of the connection.
import { ActionIcon, Button, Menu, Tooltip, useMantineColorScheme } from '@mantine/core'
import { usePrefetchQuery, useQuery } from '@tanstack/react-query'
import { Keyboard, LogOut, Menu as MenuIcon, Monitor, Moon, Sun } from 'lucide-react'
import { Suspense, useEffect, useState } from 'react'
import { Link, NavLink, Outlet } from 'react-router-dom'
import { api, unwrap } from '../api/client'
import { reasonsQuery, sessionQuery, summaryQuery } from '../api/queries'
import { Logo } from '../components/Logo'
import { formatCompact, formatCount, formatMoneyRounded, formatTime } from '../lib/format'
import { useKeys } from '../lib/useKeys'
import { label } from '../lib/vocabulary'
import { HelpDialog } from './HelpDialog'
import styles from './Shell.module.css'
import { LiveProvider, useLiveStream } from './live'

const pages = [
  { to: '/', label: 'Alerts' },
  { to: '/stores', label: 'Stores' },
  { to: '/models', label: 'Models' },
  { to: '/model-health', label: 'Model health' },
  { to: '/reference', label: 'Signals and features' },
  { to: '/rejected', label: 'Rejected records' },
]

export function Shell() {
  return (
    <LiveProvider>
      <Frame />
    </LiveProvider>
  )
}

function Frame() {
  const [isHelpOpen, setHelpOpen] = useState(false)
  // Read ahead, so that a verdict's reasons are there at the first press of a key.
  usePrefetchQuery(reasonsQuery)
  useKeys({ '?': () => setHelpOpen(true) })
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        Skip to content
      </a>
      <header className={styles.header}>
        <PageMenu />
        <Link to="/" className={styles.brand}>
          <Logo />
          Tillwatch
        </Link>
        <nav className={styles.nav} aria-label="Pages">
          {pages.map((page) => (
            <NavLink key={page.to} to={page.to} end={page.to === '/'}>
              {page.label}
              {page.to === '/rejected' && <RejectedCount />}
            </NavLink>
          ))}
        </nav>
        <Figures />
        <div className={styles.tools}>
          <Connection />
          <Tooltip label="Keyboard shortcuts (?)">
            <ActionIcon
              aria-label="Keyboard shortcuts"
              onClick={() => setHelpOpen(true)}
              visibleFrom="sm"
            >
              <Keyboard size={16} />
            </ActionIcon>
          </Tooltip>
          <SchemeMenu />
          <SignOut />
        </div>
      </header>
      <OfflineBanner />
      <main id="main" className={styles.main} tabIndex={-1}>
        <Suspense>
          <Outlet />
        </Suspense>
      </main>
      <HelpDialog isOpen={isHelpOpen} onClose={() => setHelpOpen(false)} />
    </div>
  )
}

function RejectedCount() {
  const { data } = useQuery(summaryQuery)
  if (!data?.dead_letters) return null
  return <span className={styles.badge}>{formatCompact(data.dead_letters)}</span>
}

function PageMenu() {
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <ActionIcon className={styles.burger} aria-label="Pages">
          <MenuIcon size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {pages.map((page) => (
          <Menu.Item key={page.to} component={Link} to={page.to}>
            {page.label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

function Figures() {
  const { data } = useQuery(summaryQuery)
  if (!data) return <div className={styles.figures} />
  const model = data.model
  return (
    <dl className={styles.figures} aria-label="Live figures" data-testid="figures">
      <div className={`${styles.figure} ${styles.middle}`}>
        <dt>transactions</dt>
        <dd data-testid="figure-transactions">{formatCount(data.transactions)}</dd>
      </div>
      <div className={`${styles.figure} ${styles.middle}`}>
        <dt>per second</dt>
        <dd>{data.rate_1m < 10 ? data.rate_1m.toFixed(1) : formatCompact(data.rate_1m)}</dd>
      </div>
      <div className={styles.figure}>
        <dt>open</dt>
        <dd data-testid="figure-open">{formatCount(data.alerts_open)}</dd>
      </div>
      <div className={`${styles.figure} ${styles.exposure}`}>
        <dt>exposed</dt>
        <dd>{formatMoneyRounded(data.exposure_open)}</dd>
      </div>
      <div
        className={`${styles.figure} ${styles.minor}`}
        title={
          model
            ? `${label(model.kind)}, trained on ${formatCount(model.transactions)} transactions`
            : undefined
        }
      >
        <dt>{model ? 'model' : 'no model yet'}</dt>
        <dd>{model ? formatTime(model.trained_at, 'monthDay') : ''}</dd>
      </div>
    </dl>
  )
}

const connectionLabels = { connecting: 'Connecting', live: 'Live', offline: 'Offline' }

function Connection() {
  const { connection } = useLiveStream()
  return (
    <span className={styles.connection} role="status">
      <span className={styles.dot} data-state={connection} />
      {connectionLabels[connection]}
    </span>
  )
}

// A short loss of the connection heals by itself and is not worth a banner.
function OfflineBanner() {
  const { stream, connection } = useLiveStream()
  const [isShown, setShown] = useState(false)
  useEffect(() => {
    if (connection !== 'offline') {
      setShown(false)
      return
    }
    const timer = setTimeout(() => setShown(true), 2_000)
    return () => clearTimeout(timer)
  }, [connection])
  if (!isShown) return null
  return (
    <div className={styles.banner} role="alert">
      No connection to the server. What you see may be out of date; trying again…
      <Button variant="default" size="compact-sm" fz="xs" onClick={stream.reconnect}>
        Reconnect now
      </Button>
    </div>
  )
}

const schemes = [
  { value: 'auto', label: 'System', icon: Monitor },
  { value: 'light', label: 'Light', icon: Sun },
  { value: 'dark', label: 'Dark', icon: Moon },
] as const

function SchemeMenu() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const Current = schemes.find((scheme) => scheme.value === colorScheme)?.icon ?? Monitor
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label="Colour scheme">
          <Current size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {schemes.map(({ value, label, icon: Icon }) => (
          <Menu.Item
            key={value}
            role="menuitemradio"
            aria-checked={value === colorScheme}
            leftSection={<Icon size={14} />}
            onClick={() => setColorScheme(value)}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

function SignOut() {
  const { data: session } = useQuery(sessionQuery)
  const signOut = async () => {
    await unwrap(api.DELETE('/v1/session'))
    // A fresh load leaves nothing of the session in memory.
    window.location.assign('/')
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label="Account">
          <LogOut size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{session?.user}</Menu.Label>
        <Menu.Item onClick={() => void signOut()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
