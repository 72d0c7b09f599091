// SPDX-License-Identifier: Apache-2.0
import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import './styles.css'
import { MantineProvider, localStorageColorSchemeManager } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createQueryClient } from './api/queries'
import { App } from './app/App'
import { startLanguage } from './lib/i18n'
import { cssVariables, theme } from './theme'

const colorScheme = localStorageColorSchemeManager({ key: 'tillwatch-color-scheme' })
const queryClient = createQueryClient()
const root = document.getElementById('root')

function draw(element: HTMLElement) {
  createRoot(element).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={cssVariables}
        colorSchemeManager={colorScheme}
        defaultColorScheme="auto"
      >
        <Notifications position="bottom-right" limit={3} zIndex={400} />
        <QueryClientProvider client={queryClient}>
          <App />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  )
}

// Drawn once, in the reader's language; texts that cannot be fetched are English.
if (root)
  startLanguage().then(
    () => draw(root),
    () => draw(root),
  )
