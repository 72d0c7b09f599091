// SPDX-License-Identifier: Apache-2.0
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

// The server to develop against: `build/tillwatch serve`, or another one.
const server = process.env.TILLWATCH_SERVER ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    // Everything is a file of its own: the content security policy allows no data: scripts or fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
    rollupOptions: {
      output: {
        manualChunks(id) {
          if (/node_modules\/(echarts|zrender)\//.test(id)) return 'echarts'
          // tslib is used by both; with ECharts it would draw that chunk into the first load.
          if (
            /node_modules\/(react|react-dom|scheduler|react-router|react-router-dom|@remix-run|tslib)\//.test(
              id,
            )
          )
            return 'react'
          return undefined
        },
      },
    },
  },
  // The browser's Host goes along: the server compares it with Origin.
  server: {
    proxy: {
      '/v1': { target: server, changeOrigin: false },
      '/healthz': { target: server, changeOrigin: false },
    },
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
})
