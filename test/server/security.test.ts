/** Who gets in, from where, and what they may: docs/api.md. */
import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accessPath } from '../../src/host/access-path.ts'
import { EACH_MS, MOST_AT_ONCE } from '../../src/server/attempts.ts'
import { failedBy } from '../../src/server/failures.ts'
import { loopbackNames } from '../../src/server/gate.ts'
import { IDLE_MS, LIFETIME_MS, MOST_SESSIONS } from '../../src/server/sessions.ts'
import { API, DemoServer, ORIGIN, PORT } from '../support/demo-server.ts'

let server: DemoServer
beforeAll(async () => {
  server = await DemoServer.begin()
})
afterAll(() => server.close())

interface Document {
  readonly paths: {
    readonly [path: string]: { readonly [method: string]: { readonly 'x-custody-role': string | null } }
  }
}

/** Every operation, with parameters that exist. */
async function operations() {
  const { paths } = (await (await server.ask(`${API}/openapi.json`)).json()) as Document
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path: path.replace('{run}', 'latest').replace(/{row}|{token}/, '17'),
      role: operation['x-custody-role'],
    })),
  )
}

const codeOf = async (response: Response) => ((await response.json()) as { error: { code: string } }).error.code
const code = () => server.parts.code() ?? ''
const signIn = (code: string, headers = {}) =>
  server.ask(`${API}/session`, { method: 'POST', body: { code }, headers: { origin: ORIGIN, ...headers } })

describe('without a token or a session', () => {
  test('every operation below /api/v1 answers 401 and says how to sign in; the description of the API is for all', async () => {
    const open: string[] = []
    for (const { method, path, role } of await operations()) {
      const response = await server.ask(path, { method })
      if (role === null && method === 'POST') continue
      if (response.status !== 401 || response.headers.get('x-custody-sign-in') !== 'local')
        open.push(`${method} ${path}`)
    }
    expect(open).toEqual([])
    expect((await server.ask(`${API}/nothing`)).status).toBe(401)
  })

  test('nor with a wrong token, or a right cookie beside it', async () => {
    const { secret } = server.parts.sessions.begin('somebody', 'operator')
    const headers = { authorization: 'Bearer wrong', cookie: `custody-${PORT}=${secret}` }
    expect((await server.ask(`${API}/runs`, { headers })).status).toBe(401)
    expect((await server.ask(`${API}/runs`, { headers: { cookie: `custody-${PORT}=${secret}` } })).status).toBe(200)
  })
})

test('whoever asks for the head of what never ends listens to nothing', async () => {
  for (const path of ['/live', '/runs/latest/live', '/runs/latest/rows/export'])
    expect((await server.withToken(`${API}${path}`, { method: 'HEAD' })).status, path).toBe(200)
  expect(await (await server.ask('/metrics')).text()).toContain('\ncustody_live_listeners 0\n')
})

describe('names and origins', () => {
  test('at the port that browsers don’t name, either', () => {
    expect([...loopbackNames(80).origins]).toEqual(['http://127.0.0.1', 'http://localhost', 'http://[::1]'])
  })

  test.each(['127.0.0.1', 'localhost', '[::1]'])('%s is a name of this server', async host => {
    expect((await server.withToken(`${API}/runs`, { headers: { host: `${host}:${PORT}` } })).status).toBe(200)
  })

  test.each([
    'evil.example',
    `evil.example:${PORT}`,
    '127.0.0.1',
    `127.0.0.1:${PORT + 1}`,
    `127.0.0.1.evil.example:${PORT}`,
    '',
  ])('DNS rebinding: as %j it answers nothing, not even its page', async host => {
    for (const path of [`${API}/runs`, '/', '/metrics']) {
      const response = await server.withToken(path, { headers: { host } })
      expect([response.status, await codeOf(response)]).toEqual([421, 'CUSTODY_HOST'])
    }
  })

  test.each([
    ['POST', { origin: 'http://evil.example' }],
    ['POST', { origin: 'null' }],
    ['POST', { origin: `http://127.0.0.1:${PORT + 1}` }],
    ['DELETE', { origin: `https://127.0.0.1:${PORT}` }],
    ['GET', { 'sec-fetch-site': 'cross-site' }],
    // Another server on this machine is of the same site.
    ['GET', { 'sec-fetch-site': 'same-site' }],
  ])('%s from elsewhere (%j) is refused, whoever asks', async (method, headers) => {
    const response = await server.as('operator')(`${API}/session`, { method, headers })
    expect([response.status, await codeOf(response)]).toEqual([403, 'CUSTODY_FORBIDDEN'])
  })

  test('what changes something needs the word of the session, where a cookie signs in', async () => {
    const ask = server.as('operator')
    for (const csrf of ['', 'wrong'])
      for (const path of ['/session', '/runs'])
        expect(
          (
            await ask(`${API}${path}`, {
              method: path === '/runs' ? 'POST' : 'DELETE',
              headers: { 'x-custody-csrf': csrf },
            })
          ).status,
        ).toBe(403)
    expect((await ask(`${API}/session`)).status).toBe(200)
    expect((await ask(`${API}/session`, { method: 'DELETE' })).status).toBe(204)
    expect((await ask(`${API}/session`)).status).toBe(401)
  })
})

describe('the one-time code', () => {
  test('gives a cookie that no script and no other site can use, once', async () => {
    const first = code()
    const response = await signIn(first)
    expect(await response.json()).toMatchObject({ user: 'local', role: 'operator', sign_in: 'local', operates: false })
    const cookie = response.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(new RegExp(`^custody-${PORT}=[\\w-]{43}; Max-Age=\\d+; Path=/; HttpOnly; SameSite=Strict$`))
    expect((await server.ask(`${API}/runs`, { headers: { cookie: cookie.split(';')[0] ?? '' } })).status).toBe(200)
    expect((await signIn(first)).status).toBe(401)
    expect(server.spent).toEqual([code()])
    server.now_ms += MOST_AT_ONCE * EACH_MS
  })

  test('who tries too often waits, also with the right one', async () => {
    const statuses: number[] = []
    for (let i = 0; i < MOST_AT_ONCE; i++) statuses.push((await signIn(`wrong${i}`)).status)
    expect(new Set(statuses)).toEqual(new Set([401]))
    const refused = await signIn(code())
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, String(EACH_MS / 1000)])
    server.now_ms += EACH_MS
    expect((await signIn(code())).status).toBe(200)
    server.now_ms += MOST_AT_ONCE * EACH_MS
  })
})

describe('a session', () => {
  test('ends when it wasn’t used for long, and after its lifetime however much it was', async () => {
    const [idle, busy] = [server.as('analyst'), server.as('analyst')]
    for (let passed = 0; passed < LIFETIME_MS; passed += IDLE_MS - 1) {
      expect((await busy(`${API}/session`)).status).toBe(200)
      server.now_ms += IDLE_MS - 1
    }
    expect((await idle(`${API}/session`)).status).toBe(401)
    expect((await busy(`${API}/session`)).status).toBe(401)
  })

  test('there are only so many: the one that was used longest ago ends', async () => {
    const [first, second] = [server.as('viewer'), server.as('viewer')]
    for (let i = server.parts.sessions.count; i < MOST_SESSIONS; i++) server.parts.sessions.begin('many', 'viewer')
    await first(`${API}/session`)
    server.parts.sessions.begin('one more', 'viewer')
    expect([(await first(`${API}/session`)).status, (await second(`${API}/session`)).status]).toEqual([200, 401])
    expect(server.parts.sessions.count).toBe(MOST_SESSIONS)
    server.now_ms += LIFETIME_MS
    expect(server.parts.sessions.count).toBe(0)
  })
})

describe('whatever is answered', () => {
  test('has headers that keep it from being framed, sniffed, run or read elsewhere, failures too', async () => {
    for (const path of ['/', `${API}/runs`, `${API}/nothing`, '/healthz', '/metrics', '/assets/none.js']) {
      const { headers } = await server.withToken(path)
      const policy = headers.get('content-security-policy') ?? ''
      expect(policy, path).toMatch(
        /^default-src 'none'; script-src 'self'; style-src 'self';.*frame-ancestors 'none'; base-uri 'none'/,
      )
      expect(policy).not.toMatch(/unsafe|\*|https?:/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  test('answers of the API are kept by nobody', async () => {
    for (const path of ['/runs', '/runs/latest/rows/17', '/runs/latest/rows/17/proof', '/runs/latest/rows/export'])
      expect((await server.withToken(`${API}${path}`)).headers.get('cache-control'), path).toBe('no-store')
  })

  test('a letter is saved, never shown: it would be a page of this origin', async () => {
    const { headers } = await server.withToken(`${API}/runs/latest/rows/17/letter`)
    expect(headers.get('content-disposition')).toMatch(/^attachment; filename="[\w.-]+\.html"$/)
  })
})

describe('requests that aren’t as described', () => {
  test.each([
    ['GET', '/runs?nme=x', undefined, 400],
    ['GET', '/runs?limit=0', undefined, 400],
    ['GET', '/runs?limit=1&limit=2', undefined, 400],
    ['GET', '/runs/latest/rows/0', undefined, 400],
    ['GET', '/runs/latest/rows/1e3', undefined, 400],
    ['GET', '/runs/..%2f..%2fetc/rows', undefined, 400],
    ['GET', '/runs/latest/rows/999999', undefined, 404],
    ['GET', '/runs/0123', undefined, 404],
    ['GET', '/nothing', undefined, 404],
    ['PUT', '/runs', '{}', 405],
    ['POST', '/session', '{', 400],
    ['POST', '/session', '{"code":1}', 400],
    ['POST', '/session', JSON.stringify({ code: 'x'.repeat(2_000_000) }), 413],
  ])('%s %s → %i', async (method, path, body, status) => {
    const response = await server.withToken(`${API}${path}`, { method, body })
    expect([response.status, await codeOf(response)]).toEqual([status, expect.stringMatching(/^CUSTODY_/)])
  })

  test('by another method it is said which ones a path has', async () => {
    const headers = { authorization: `Bearer ${server.parts.token}` }
    for (const [method, path, allow] of [
      ['PUT', '/session', 'GET, HEAD, POST, DELETE'],
      ['GET', '/mcp', 'POST'],
      ['POST', '/runs/latest/rows/17', 'GET, HEAD'],
    ] as const) {
      const response = await server.ask(`${API}${path}`, { method, headers })
      expect([response.status, response.headers.get('allow')]).toEqual([405, allow])
    }
  })

  test('JSON is said to be JSON: a form of another page can’t say that', async () => {
    const response = await server.withToken(`${API}/session`, {
      method: 'POST',
      body: '{"code":"x"}',
      headers: { 'content-type': 'text/plain' },
    })
    expect(response.status).toBe(400)
  })
})

test('where the machine gives no more files one is to come later; that is no fault of the server', () => {
  const { status, body, retry_after_s } = failedBy(Object.assign(new Error('too many open files'), { code: 'EMFILE' }))
  expect([status, body.error.code, retry_after_s]).toEqual([429, 'CUSTODY_TOO_MANY', 2])
})

test('nothing of all that was a trouble of the server’s own', () => {
  expect(server.troubles).toEqual([])
  expect(existsSync(accessPath(server.url, {}))).toBe(true)
  expect(readFileSync(accessPath(server.url, {}), 'utf8')).not.toContain(server.parts.token)
})
