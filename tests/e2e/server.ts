// SPDX-License-Identifier: Apache-2.0
//
// Simulates a small chain, imports it and starts the server on a free port. TILLWATCH_URL and
// TILLWATCH_SETUP_LINK of a running server make the tests use that one instead (they write to it).
// A test that needs a server of its own, to be empty or to be restarted, calls startServer.
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

// Waits for the line that `serve` prints when it listens, and, at the first start, for the link.
function addresses(server: ChildProcess, hasLink: boolean): Promise<{ url: string; link: string }> {
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
      if (!url || (hasLink && !link)) return
      clearTimeout(timer)
      resolve({ url, link: link ?? '' })
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

export interface Server {
  url: string
  link: string // printed at the first start only; "" later
  directory: string
  stop: () => Promise<void>
}

// A directory for a chain; with an empty data directory in it.
export function makeDirectory(): string {
  if (!existsSync(binary))
    throw new Error(`${binary} is missing: build it first, or name it in TILLWATCH_BIN`)
  const directory = mkdtempSync(path.join(tmpdir(), 'tillwatch-e2e-'))
  run(['init'], environment(directory))
  return directory
}

const environment = (directory: string) => ({
  ...process.env,
  TILLWATCH_DATA: path.join(directory, 'data'),
})

export function runIn(directory: string, ...args: string[]) {
  return run(args, environment(directory))
}

// Starts the program on the directory's data, for the first time or again at a given port.
export async function startServer(directory: string, port = 0): Promise<Server> {
  const server = spawn(binary, ['serve', '--listen', `127.0.0.1:${port}`], {
    env: environment(directory),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { url, link } = await addresses(server, port === 0).catch((error: unknown) => {
    server.kill('SIGKILL')
    throw error
  })
  return { url, link, directory, stop: () => stop(server) }
}

function importChain(directory: string) {
  const chain = path.join(directory, 'chain')
  runIn(directory, 'simulate', '--stores', '6', '--days', '21', '--seed', '5', '--out', chain)
  // Some transactions are drawn for audit, so that there is something to judge.
  const policy = path.join(directory, 'data', 'policy.yaml')
  const text = readFileSync(policy, 'utf8')
  writeFileSync(policy, text.replace(/^#? *audit_share:.*$/m, 'audit_share: 0.0005'))
  const files = readdirSync(chain).filter((name) => name.endsWith('.ndjson'))
  runIn(directory, 'import', ...files.map((name) => path.join(chain, name)))
}

export default async function start() {
  mkdirSync(path.join(path.dirname(fileURLToPath(import.meta.url)), 'output'), { recursive: true })
  if (process.env.TILLWATCH_URL && process.env.TILLWATCH_SETUP_LINK) return undefined
  const directory = makeDirectory()
  importChain(directory)
  const server = await startServer(directory)
  process.env.TILLWATCH_URL = server.url
  process.env.TILLWATCH_SETUP_LINK = server.link
  return async () => {
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}
