// SPDX-License-Identifier: Apache-2.0
//
// The portal in real Chromium against the real server. One worker: the tests share one server and
// one data directory, and run in the order of their files.
import { defineConfig } from '@playwright/test'

export const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: 'test-results',
  globalSetup: './server.ts',
  workers: 1,
  fullyParallel: false,
  retries: 0,
  // Generous: other work may share the machine.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [['list'], ['./summary.ts']],
  use: {
    browserName: 'chromium',
    locale: 'en-US',
    viewport: { width: 1440, height: 900 },
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: chromiumFlags,
    },
  },
  projects: [
    { name: 'session', testMatch: 'session.setup.ts', teardown: 'end' },
    { name: 'stranger', testMatch: 'sign-in.spec.ts' },
    {
      name: 'portal',
      testIgnore: ['sign-in.spec.ts', 'sign-out.spec.ts'],
      dependencies: ['session'],
      use: { storageState: 'output/session.json' },
    },
    { name: 'end', testMatch: 'sign-out.spec.ts', use: { storageState: 'output/session.json' } },
  ],
})
