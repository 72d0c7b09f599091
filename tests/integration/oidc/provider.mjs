// SPDX-License-Identifier: Apache-2.0
//
// A real OpenID provider for test_oidc.py, on loopback. Reads its set-up as JSON from the first
// argument and prints its address. `login` is taken from the login_hint-free interaction: the test
// posts {login, claims} to /interaction/:uid. POST /rotate makes new keys.
import http from 'node:http'
import { createRequire } from 'node:module'
import { generateKeyPairSync } from 'node:crypto'

const require = createRequire(process.env.TILLWATCH_NODE_MODULES + '/')
const { default: Provider } = await import(require.resolve('oidc-provider'))
const setUp = JSON.parse(process.argv[2])
const accounts = new Map()
let provider

function key(kid) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }
}

function make(issuer, kid) {
  const made = new Provider(issuer, {
    clients: [
      {
        client_id: setUp.client_id,
        client_secret: setUp.client_secret,
        redirect_uris: [setUp.redirect_uri],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    jwks: { keys: [key(kid)] },
    claims: {
      openid: ['sub'],
      profile: ['name', 'preferred_username', 'groups'],
      email: ['email', 'email_verified'],
    },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    cookies: { keys: ['test'] },
    pkce: { required: () => true },
    findAccount: (_, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, ...accounts.get(id) }),
    }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    renderError: (ctx, out) => {
      ctx.body = JSON.stringify(out)
    },
  })
  return made
}

async function body(request) {
  let text = ''
  for await (const part of request) text += part
  return text ? JSON.parse(text) : {}
}

// Signs in and agrees to everything, as the person whom the test names.
async function interact(request, response) {
  const wanted = await body(request)
  if (wanted.abort) {
    const result = { error: 'access_denied', error_description: 'refused' }
    return provider.interactionFinished(request, response, result)
  }
  accounts.set(wanted.login, wanted.claims)
  const details = await provider.interactionDetails(request, response)
  const grant = new provider.Grant({ accountId: wanted.login, clientId: details.params.client_id })
  grant.addOIDCScope(details.params.scope)
  const grantId = await grant.save()
  const result = { login: { accountId: wanted.login }, consent: { grantId } }
  return provider.interactionFinished(request, response, result)
}

let callback
const server = http.createServer((request, response) => {
  if (request.url.startsWith('/interaction/')) {
    interact(request, response).catch((error) => {
      response.statusCode = 500
      response.end(String(error))
    })
  } else if (request.url === '/rotate') {
    provider = make(provider.issuer, 'second')
    callback = provider.callback()
    response.end('{}')
  } else {
    callback(request, response)
  }
})
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`
  provider = make(issuer, 'first')
  callback = provider.callback()
  console.log(issuer)
})
