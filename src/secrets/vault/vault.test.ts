/** Against a stub of Vault's HTTP API, written from its published pages: /v1/sys/internal/ui/mounts, key/value engines, auth methods. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { problem, reader, readSecret, value } from '../../../test/support/secret-reader.ts'
import { type Answer, json, serve } from '../../../test/support/web-server.ts'
import { vaultStandingIn } from '../standing.ts'

const TOKEN = 'hvs.canary-token'
const SECOND = { user: 'u', password: 'canary-password', port: 5432 }

/** Answers as Vault does; a wrong token, namespace or role is refused. */
const vault: Answer = ({ method, url, headers, body }, response) => {
  const errors = (status: number, ...what: string[]) => json(response, { errors: what }, status)
  const data = (value: unknown) => json(response, { request_id: 'r', lease_id: '', renewable: false, data: value })
  if (headers['x-vault-request'] !== 'true') return errors(400, 'not from a client')
  if (method === 'POST') {
    const asked = JSON.parse(body) as { readonly [key: string]: unknown }
    const holds =
      (url === '/v1/auth/approle/login' && asked.role_id === 'role' && asked.secret_id === 'canary-secret-id') ||
      (url === '/v1/auth/team/k8s/login' && asked.role === 'runner' && asked.jwt === 'canary-jwt')
    return holds ? json(response, { auth: { client_token: TOKEN } }) : errors(400, `invalid role or secret ID: ${body}`)
  }
  if (headers['x-vault-token'] !== TOKEN) return errors(403, 'permission denied', JSON.stringify(headers))
  switch (url) {
    case '/v1/sys/internal/ui/mounts/team/kv/app/db':
    case '/v1/sys/internal/ui/mounts/team/kv/gone':
    case '/v1/sys/internal/ui/mounts/team/kv/data/app/db':
      return data({ path: 'team/kv/', type: 'kv', options: { version: '2' } })
    case '/v1/sys/internal/ui/mounts/old/app%2Bx':
      return data({ path: 'old/', type: 'kv', options: { version: '1' } })
    case '/v1/sys/internal/ui/mounts/database/creds/reader':
      return data({ path: 'database/', type: 'database', options: null })
    case '/v1/team/kv/data/app/db':
      return data({ data: SECOND, metadata: { version: 3 } })
    case '/v1/team/kv/data/gone':
      return json(response, { data: { data: null, metadata: { deletion_time: 'x' } } }, 404)
    case '/v1/old/app%2Bx':
      return data({ key: 'first' })
    case '/v1/database/creds/reader':
      return data({ username: 'v-1', password: 'generated' })
    default:
      return url.startsWith('/v1/sys/') && !url.includes('/team/') ? errors(403, 'preflight check') : errors(404)
  }
}

function folderOf(files: { readonly [name: string]: string }): string {
  const folder = mkdtempSync(join(tmpdir(), 'custody-vault-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

test('fields of both versions of key/value engines, and of others', async () => {
  const { origin, asked } = await serve(vault)
  const env = { VAULT_ADDR: `${origin}/`, VAULT_TOKEN: ` ${TOKEN}\n`, VAULT_NAMESPACE: '/teams/a/' }
  const names = ['team/kv/app/db#user', 'team/kv/app/db#password', 'team/kv/app/db#port', 'old/app+x']
  const others = ['database/creds/reader#username', 'database/creds/reader#password']
  const found = await reader({ env }).read(
    [...names, ...others].map(each => `vault:${each}`),
    '/',
  )
  expect([...found.values()]).toEqual(['u', 'canary-password', '5432', 'first', 'v-1', 'generated'].map(value))
  // Each place is asked for once, whatever is wanted of it.
  expect(asked.map(each => each.url).sort()).toEqual([
    '/v1/database/creds/reader',
    '/v1/old/app%2Bx',
    '/v1/sys/internal/ui/mounts/database/creds/reader',
    '/v1/sys/internal/ui/mounts/old/app%2Bx',
    '/v1/sys/internal/ui/mounts/team/kv/app/db',
    '/v1/team/kv/data/app/db',
  ])
  expect(new Set(asked.map(({ headers }) => headers['x-vault-namespace']))).toEqual(new Set(['teams/a']))
})

test('signs in by AppRole, by Kubernetes, or with the token that was kept; what is set for it comes first', async () => {
  const { origin, asked } = await serve(vault)
  const folder = folderOf({ '.vault-token': `${TOKEN}\n`, id: 'canary-secret-id\n', jwt: 'canary-jwt' })
  const base = { VAULT_ADDR: origin, HOME: folder }
  const approle = { ...base, VAULT_ROLE_ID: 'role' }
  const kubernetes = { ...base, VAULT_KUBERNETES_ROLE: 'runner', VAULT_KUBERNETES_TOKEN_FILE: join(folder, 'jwt') }
  const ways = [
    base,
    { ...approle, VAULT_SECRET_ID: 'canary-secret-id' },
    { ...approle, VAULT_SECRET_ID_FILE: join(folder, 'id') },
    { ...kubernetes, VAULT_AUTH_MOUNT: 'team/k8s' },
  ]
  for (const env of ways) {
    const found = await reader({ env }).read(['vault:team/kv/app/db#user', 'vault:old/app+x#key'], '/')
    expect([...found.values()]).toEqual([value('u'), value('first')])
  }
  const logins = asked.filter(each => each.method === 'POST')
  expect(logins.map(each => each.url)).toEqual([
    '/v1/auth/approle/login',
    '/v1/auth/approle/login',
    '/v1/auth/team/k8s/login',
  ])
  expect(logins.every(({ headers }) => headers['x-vault-token'] === undefined)).toBe(true)
})

test('what can’t be had is said by its code, with nothing that was sent or answered', async () => {
  const { origin } = await serve(vault)
  const folder = folderOf({ jwt: 'canary-other-jwt' })
  const env = { VAULT_ADDR: origin, VAULT_TOKEN: TOKEN }
  const name = 'vault:team/kv/app/db#user'
  const role = { VAULT_ADDR: origin, VAULT_ROLE_ID: 'role', VAULT_SECRET_ID: 'canary-wrong' }
  const found = [
    await readSecret('vault:team/kv/app/db#pasword', { env }),
    await readSecret('vault:team/kv/app/db', { env }),
    await readSecret('vault:team/kv/gone#x', { env }),
    await readSecret('vault:team/kv/data/app/db#user', { env }),
    await readSecret('vault:nowhere/app#x', { env }),
    await readSecret(name, { env: { ...env, VAULT_TOKEN: 'canary-bad' } }),
    await readSecret(name, { env: role }),
    await readSecret(name, {
      env: { VAULT_ADDR: origin, VAULT_KUBERNETES_ROLE: 'r', VAULT_KUBERNETES_TOKEN_FILE: join(folder, 'jwt') },
    }),
    await readSecret(name, { env: { ...env, VAULT_TOKEN: 'canary\nx: y' } }),
    await readSecret(name, { env: { VAULT_ADDR: origin, HOME: folder } }),
    await readSecret(name, { env: {} }),
    await readSecret(name, { env: { ...env, VAULT_ADDR: 'vault.example' } }),
    await readSecret(name, { env: { ...env, VAULT_SKIP_VERIFY: 'true' } }),
    await readSecret(name, { env: { ...env, VAULT_CACERT: join(folder, 'none') } }),
  ]
  expect(found).toMatchObject([
    { ...problem('SECRET_NOT_FOUND', 'no field `pasword`'), hint: 'did you mean password?' },
    problem('SECRET_VALUE', 'has 3 fields'),
    problem('SECRET_NOT_FOUND', 'team/kv/data/gone, or deleted it'),
    { ...problem('SECRET_NOT_FOUND'), hint: 'leave data/ out: vault:team/kv/app/db' },
    problem('SECRET_DENIED', 'doesn’t let this token read nowhere/app'),
    problem('SECRET_DENIED', 'doesn’t let this token read'),
    problem('SECRET_DENIED', 'refuses to sign in AppRole at auth/approle/login'),
    problem('SECRET_DENIED', 'role r of Kubernetes'),
    problem('SECRET_SETTING', 'VAULT_TOKEN has signs'),
    problem('SECRET_SETTING', 'nothing to sign in with'),
    problem('SECRET_SETTING', 'VAULT_ADDR isn’t set'),
    problem('SECRET_SETTING', 'VAULT_ADDR isn’t the URL'),
    problem('SECRET_SETTING', 'VAULT_SKIP_VERIFY'),
    problem('SECRET_SETTING', 'VAULT_CACERT'),
  ])
  expect(JSON.stringify(found)).not.toContain('canary')
})

test('a server that fails for a moment is asked again, one that stands by sends to another, and one that is silent is given up', async () => {
  const active = await serve(vault)
  let failing = 2
  const { origin, asked } = await serve((one, response) => {
    if (failing-- > 0) return json(response, { errors: ['canary'] }, 502)
    response.writeHead(307, { location: `${active.origin}${one.url}` }).end()
  })
  const env = { VAULT_ADDR: origin, VAULT_TOKEN: TOKEN }
  const name = 'vault:old/app+x#key'
  expect(await readSecret(name, { env })).toEqual(value('first'))
  expect([asked.length, active.asked.length]).toEqual([4, 2])

  const silent = await serve(() => undefined)
  const over = new AbortController()
  const asking = readSecret(name, { env: { ...env, VAULT_ADDR: silent.origin }, limit: () => over.signal })
  while (silent.asked.length === 0) await new Promise(resolve => setImmediate(resolve))
  over.abort()
  expect(await asking).toMatchObject(problem('SECRET_UNREACHABLE', 'doesn’t answer within 20 s'))

  const page = await serve((_, response) => response.end('<html>canary</html>'))
  const sealed = await serve((_, response) => json(response, { errors: ['Vault is sealed'] }, 503))
  const answers = [
    await readSecret(name, { env: { ...env, VAULT_ADDR: page.origin } }),
    await readSecret(name, { env: { ...env, VAULT_ADDR: sealed.origin } }),
    await readSecret(name, { env: { ...env, VAULT_ADDR: 'http://127.0.0.1:1' } }),
  ]
  expect(answers).toMatchObject([
    problem('SECRET_UNREACHABLE', 'something that Vault doesn’t say'),
    problem('SECRET_UNREACHABLE', 'is sealed'),
    problem('SECRET_UNREACHABLE', 'can’t be reached: connect ECONNREFUSED'),
  ])
  expect(JSON.stringify(answers)).not.toContain('canary')
})

test('doctors get to know whether it answers, without using up what a role signs in with', async () => {
  const { origin, asked } = await serve(({ url, headers }, response) => {
    if (url !== '/v1/auth/token/lookup-self') return json(response, {}, 404)
    const known = headers['x-vault-token'] === TOKEN
    return known ? json(response, { data: { policies: [] } }) : json(response, { errors: ['permission denied'] }, 403)
  })
  const standing = (env: { readonly [name: string]: string }) => vaultStandingIn({ VAULT_ADDR: origin, ...env })
  expect(await standing({ VAULT_TOKEN: TOKEN })).toEqual({ origin, token: 'taken' })
  expect(await standing({ VAULT_TOKEN: 'other' })).toEqual({ origin, token: 'refused' })
  expect(await standing({ VAULT_ROLE_ID: 'role', VAULT_SECRET_ID: 'x' })).toEqual({ origin, token: 'unused' })
  expect(asked.map(each => each.method)).toEqual(['GET', 'GET', 'GET'])
})

const HAS_OPENSSL = spawnSync('openssl', ['version']).status === 0

test.skipIf(!HAS_OPENSSL)('is believed by the certificate that is named, and by no other', async () => {
  const folder = folderOf({})
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')]
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=vault']
  const names = ['-addext', 'subjectAltName=DNS:vault.example', '-keyout', key, '-out', cert]
  expect(spawnSync('openssl', ['req', '-x509', ...made, ...names]).status).toBe(0)
  const [pem, secret] = [readFileSync(cert), readFileSync(key)]
  const clients: boolean[] = []
  const server = createServer(
    { key: secret, cert: pem, ca: pem, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      clients.push((request.socket as TLSSocket).authorized)
      const { url = '' } = request
      json(response, {
        data: url.includes('/sys/') ? { path: 'kv/', options: { version: '1' } } : { key: 'sent safely' },
      })
    },
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const env = { VAULT_ADDR: `https://127.0.0.1:${port}`, VAULT_TOKEN: TOKEN }
  const trusting = { ...env, VAULT_CACERT: cert }
  const named = { ...trusting, VAULT_TLS_SERVER_NAME: 'vault.example' }
  const ask = (settings: { readonly [name: string]: string }) => readSecret('vault:kv/a#key', { env: settings })
  expect(await ask(named)).toEqual(value('sent safely'))
  expect(await ask({ ...named, VAULT_CLIENT_CERT: cert, VAULT_CLIENT_KEY: key })).toEqual(value('sent safely'))
  expect(clients).toEqual([false, false, true, true])
  expect(await ask(env)).toMatchObject(problem('SECRET_UNREACHABLE', 'can’t be reached: self-signed certificate'))
  expect(await ask(trusting)).toMatchObject(problem('SECRET_UNREACHABLE', 'does not match certificate'))
})
