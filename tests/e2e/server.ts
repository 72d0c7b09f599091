// SPDX-License-Identifier: Apache-2.0
//
// Simulates a small chain, imports it and starts the server on a free port. TILLWATCH_URL and
// TILLWATCH_SETUP_LINK of a running server make the tests use that one instead (they write to it).
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const binary = path.resolve(root, process.env.TILLWATCH_BIN ?? 'build/tillwatch')
const startLimitMs = 60_000

function run(args: string[], env: NodeJS.ProcessEnv) {
  const result = spawnSync(binary, args, { env, encoding: 'utf8', timeout: 300_000 })
  if (result.status !== 0) {
    throw new Error(
      `tillwatch ${args.join(' ')} ended with ${result.status ?? result.signal}:\n${result.stdout}${result.stderr}`,
    )
  }
}

// Waits for the two lines that `serve` prints at its first start.
function addresses(server: ChildProcess): Promise<{ url: string; link: string }> {
  return new Promise((resolve, reject) => {
    let text = ''
    const timer = setTimeout(
      () => reject(new Error(`The server did not start:\n${text}`)),
      startLimitMs,
    )
    const onData = (data: Buffer) => {
      text += data.toString()
      const url = /^Listening on (http:\/\/\S+)\s*$/m.exec(text)?.[1]
      const link = /^Set-up link: (http:\/\/\S+)\s*$/m.exec(text)?.[1]
      if (!url || !link) return
      clearTimeout(timer)
      resolve({ url, link })
    }
    server.stdout?.on('data', onData)
    server.stderr?.on('data', onData)
    server.on('exit', (code) => reject(new Error(`The server ended with ${code}:\n${text}`)))
  })
}

function stop(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (server.exitCode !== null) return resolve()
    const timer = setTimeout(() => server.kill('SIGKILL'), 20_000)
    server.on('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    server.kill('SIGTERM')
  })
}

export default async function start() {
  mkdirSync(path.join(path.dirname(fileURLToPath(import.meta.url)), 'output'), { recursive: true })
  if (process.env.TILLWATCH_URL && process.env.TILLWATCH_SETUP_LINK) return undefined
  if (!existsSync(binary))
    throw new Error(`${binary} is missing: build it first, or name it in TILLWATCH_BIN`)
  const directory = mkdtempSync(path.join(tmpdir(), 'tillwatch-e2e-'))
  const env = { ...process.env, TILLWATCH_DATA: path.join(directory, 'data') }
  const chain = path.join(directory, 'chain')
  run(['simulate', '--stores', '6', '--days', '21', '--seed', '5', '--out', chain], env)
  run(['init'], env)
  // Some transactions are drawn for audit, so that there is something to judge.
  const policy = path.join(directory, 'data', 'policy.yaml')
  const text = readFileSync(policy, 'utf8')
  writeFileSync(policy, text.replace(/^#? *audit_share:.*$/m, 'audit_share: 0.0005'))
  const files = readdirSync(chain).filter((name) => name.endsWith('.ndjson'))
  run(['import', ...files.map((name) => path.join(chain, name))], env)
  const server = spawn(binary, ['serve', '--listen', '127.0.0.1:0'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { url, link } = await addresses(server).catch((error: unknown) => {
    server.kill('SIGKILL')
    throw error
  })
  process.env.TILLWATCH_URL = url
  process.env.TILLWATCH_SETUP_LINK = link
  return async () => {
    await stop(server)
    rmSync(directory, { recursive: true, force: true })
  }
}
