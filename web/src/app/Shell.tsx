// SPDX-License-Identifier: Apache-2.0
//
// The frame of every page: navigation, live figures, search, the state of the connection.
import { ActionIcon, Button, Drawer, Tooltip } from '@mantine/core'
import { usePrefetchQuery, useQuery } from '@tanstack/react-query'
import { CircleHelp, Menu as MenuIcon, Search } from 'lucide-react'
import { Suspense, useEffect, useState } from 'react'
import { Link, Outlet, useLocation } from 'react-router-dom'
import { settingsQuery } from '../api/settings'
import { reasonsQuery, summaryQuery } from '../api/queries'
import { Logo } from '../components/Logo'
import { formatCompact, formatCount, formatMoneyRounded, formatTime } from '../lib/format'
import { t } from '../lib/i18n'
import { useKeys } from '../lib/useKeys'
import { label } from '../lib/vocabulary'
import { AccountMenu } from './AccountMenu'
import { Conflicts } from './Conflicts'
import { HelpDialog } from './HelpDialog'
import { Navigation } from './Navigation'
import styles from './Shell.module.css'
import { LiveProvider, useLiveStream } from './live'
import { usePalette } from './palette/usePalette'

export function Shell() {
  return (
    <LiveProvider>
      <Frame />
    </LiveProvider>
  )
}

function Frame() {
  const [isHelpOpen, setHelpOpen] = useState(false)
  const { palette, openPalette } = usePalette()
  // Read ahead, so that a verdict's reasons are there at the first press of a key.
  usePrefetchQuery(reasonsQuery)
  useKeys({ '?': () => setHelpOpen(true) })
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        {t('shell.skip')}
      </a>
      <header className={styles.header}>
        <PageDrawer />
        <Link to="/" className={styles.brand}>
          <Logo />
          <BrandName />
        </Link>
        <button type="button" className={styles.find} data-tour="find" onClick={openPalette}>
          <Search size={14} aria-hidden="true" />
          <span>{t('shell.find')}</span>
          <kbd aria-hidden="true">{t('shell.findKey')}</kbd>
        </button>
        <Figures />
        <div className={styles.tools}>
          <Connection />
          <Tooltip label={t('shell.helpKey')}>
            <ActionIcon
              data-tour="help"
              aria-label={t('shell.help')}
              onClick={() => setHelpOpen(true)}
              visibleFrom="sm"
            >
              <CircleHelp size={16} />
            </ActionIcon>
          </Tooltip>
          <AccountMenu />
        </div>
      </header>
      <OfflineBanner />
      <div className={styles.body}>
        <nav className={styles.side} data-tour="pages" aria-label={t('shell.pages')}>
          <Navigation />
        </nav>
        <main id="main" className={styles.main} tabIndex={-1}>
          <Suspense>
            <Outlet />
          </Suspense>
        </main>
      </div>
      <HelpDialog isOpen={isHelpOpen} onClose={() => setHelpOpen(false)} />
      {palette}
      <Conflicts />
    </div>
  )
}

// The house's own name and colour, when it has set them.
function BrandName() {
  const { data } = useQuery(settingsQuery)
  const colour = data?.brand_colour ?? ''
  useEffect(() => {
    document.documentElement.style.setProperty('--tw-brand', colour || 'var(--tw-accent)')
  }, [colour])
  return <span className={styles.brandName}>{data?.brand_name || 'Tillwatch'}</span>
}

function PageDrawer() {
  const [isOpen, setOpen] = useState(false)
  const { pathname } = useLocation()
  useEffect(() => setOpen(false), [pathname])
  return (
    <>
      <ActionIcon
        className={styles.burger}
        aria-label={t('shell.pages')}
        aria-expanded={isOpen}
        onClick={() => setOpen(true)}
      >
        <MenuIcon size={18} />
      </ActionIcon>
      <Drawer
        opened={isOpen}
        onClose={() => setOpen(false)}
        size={260}
        title="Tillwatch"
        closeButtonProps={{ 'aria-label': t('actions.close') }}
      >
        <nav className={styles.drawer} aria-label={t('shell.pages')}>
          <Navigation />
        </nav>
      </Drawer>
    </>
  )
}

function Figures() {
  const { data } = useQuery(summaryQuery)
  if (!data) return <div className={styles.figures} />
  const model = data.model
  return (
    <dl className={styles.figures} aria-label={t('figures.label')} data-testid="figures">
      <div className={`${styles.figure} ${styles.middle}`}>
        <dt>{t('figures.transactions')}</dt>
        <dd data-testid="figure-transactions">{formatCount(data.transactions)}</dd>
      </div>
      <div className={`${styles.figure} ${styles.minor}`}>
        <dt>{t('figures.perSecond')}</dt>
        <dd>{formatCompact(data.rate_1m)}</dd>
      </div>
      <div className={styles.figure}>
        <dt>{t('figures.open')}</dt>
        <dd data-testid="figure-open">{formatCount(data.alerts_open)}</dd>
      </div>
      <div className={`${styles.figure} ${styles.exposure}`}>
        <dt>{t('figures.exposed')}</dt>
        <dd>{formatMoneyRounded(data.exposure_open)}</dd>
      </div>
      <div
        className={`${styles.figure} ${styles.minor}`}
        title={
          model
            ? t('figures.trainedOn', {
                kind: label(model.kind),
                n: formatCount(model.transactions),
              })
            : undefined
        }
      >
        <dt>{model ? t('figures.model') : t('figures.noModel')}</dt>
        <dd>{model ? formatTime(model.trained_at, 'monthDay') : ''}</dd>
      </div>
    </dl>
  )
}

function Connection() {
  const { connection } = useLiveStream()
  return (
    <span className={styles.connection} role="status">
      <span className={styles.dot} data-state={connection} />
      {t(`shell.${connection}`)}
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
      {t('shell.offlineBanner')}
      <Button variant="default" size="compact-sm" fz="xs" onClick={stream.reconnect}>
        {t('shell.reconnect')}
      </Button>
    </div>
  )
}
