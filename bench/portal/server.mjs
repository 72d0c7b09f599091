// SPDX-License-Identifier: Apache-2.0
//
// The server under measurement, and a session in it.
import { spawn } from 'node:child_process'

export const password = 'a long sentence for the first account'
export const csrf = { 'X-Tillwatch-CSRF': '1' }

export function startServer() {
  const args = ['serve', '--listen', '127.0.0.1:0', '--new-link']
  const server = spawn(process.env.TILLWATCH_BIN, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  return new Promise((resolve, reject) => {
    let text = ''
    const read = (data) => {
      text += data
      const url = /^Listening on (http:\/\/\S+)\s*$/m.exec(text)?.[1]
      const link = /^Set-up link: http:\/\/\S+\/(\S+)\s*$/m.exec(text)?.[1]
      if (url && link) resolve({ url, link, stop: () => stop(server) })
    }
    server.stdout.on('data', read)
    server.stderr.on('data', read)
    server.on('exit', (code) => reject(new Error(`The server ended with ${code}:\n${text}`)))
  })
}

function stop(server) {
  const ended = new Promise((resolve) => server.on('exit', resolve))
  server.kill('SIGTERM')
  return ended
}

// Another account each time, as the data directory is used again.
export async function signIn({ url, link }) {
  const user = `bench.${Date.now().toString(36)}`
  const reply = await fetch(`${url}/v1/session`, {
    method: 'POST',
    headers: { ...csrf, 'Content-Type': 'application/json' },
    body: JSON.stringify({ link_token: link, user, name: 'Bench', password }),
  })
  if (!reply.ok) throw new Error(`No session: ${reply.status} ${await reply.text()}`)
  const [name, value] = reply.headers.getSetCookie()[0].split(';')[0].split('=')
  return { name, value }
}
