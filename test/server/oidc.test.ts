/** Signing in by OpenID Connect, against a real provider in this process: docs/api.md. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import Provider from 'oidc-provider'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Session } from '../../src/api/session.ts'
import { LIFETIME_MS } from '../../src/server/sessions.ts'
import { JOURNEY_MS } from '../../src/server/sign-in/journeys.ts'
import { oidcSettings } from '../../src/server/sign-in/oidc-settings.ts'
import { API, DemoServer, ORIGIN, PORT } from '../support/demo-server.ts'

/** Who there is: subjects with their claims. */
const ACCOUNTS: { readonly [sub: string]: { readonly [claim: string]: unknown } } = {
  vera: { groups: ['auditors', 'canteen'], email: 'vera@example.com', email_verified: true },
  anna: { groups: 'analysts', email: 'vera@example.com', email_verified: false },
  otto: { groups: ['auditors', 'operations'] },
  nobody: { groups: ['canteen'] },
  none: {},
}

/** A provider that asks nothing: whoever `who` names is the one that signs in. */
class Place {
  who = ''
  /** Claims are in the ID token, or only where it is asked for them. */
  readonly server: Server
  issuer = ''

  constructor() {
    this.server = createServer()
  }

  async listen(): Promise<void> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    const address = this.server.address()
    if (typeof address !== 'object' || address === null) throw new Error('it has no port')
    this.issuer = `http://127.0.0.1:${address.port}`
    const provider = new Provider(this.issuer, {
      clients: [
        { client_id: 'custody', client_secret: 'of the client', redirect_uris: [`${ORIGIN}/sign-in/callback`] },
      ],
      claims: { openid: ['sub', 'groups'], email: ['email', 'email_verified'] },
      conformIdTokenClaims: false,
      features: { devInteractions: { enabled: false } },
      cookies: { keys: ['of the test'] },
      interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
      findAccount: (_context, sub) => ({ accountId: sub, claims: async () => ({ sub, ...ACCOUNTS[sub] }) }),
      loadExistingGrant: async context => {
        const grant = new context.oidc.provider.Grant({
          clientId: context.oidc.client?.clientId ?? '',
          accountId: context.oidc.session?.accountId ?? '',
        })
        grant.addOIDCScope('openid profile email')
        await grant.save()
        return grant
      },
    })
    const rest = provider.callback()
    this.server.on('request', (request, response) => {
      if (request.url?.startsWith('/interaction/') !== true) return rest(request, response)
      return provider.interactionFinished(request, response, { login: { accountId: this.who } })
    })
  }

  /** What a browser does there, until it is sent back: the URL that it is sent back to. */
  async browse(start: string): Promise<URL> {
    const cookies = new Map<string, string>()
    for (let url = start; ; ) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const response = await fetch(url, { redirect: 'manual', headers: { cookie } })
      for (const each of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(each) ?? []
        cookies.set(name, value)
      }
      const to = response.headers.get('location')
      if (to === null) throw new Error(`the provider answered ${response.status}: ${await response.text()}`)
      const next = new URL(to, this.issuer)
      if (next.origin === ORIGIN) return next
      url = next.href
    }
  }
}

const place = new Place()
let server: DemoServer
beforeAll(async () => {
  await place.listen()
  const oidc = oidcSettings({
    CUSTODY_OIDC_ISSUER: place.issuer,
    CUSTODY_OIDC_CLIENT_ID: 'custody',
    CUSTODY_OIDC_CLIENT_SECRET: 'of the client',
    CUSTODY_OIDC_CLAIM: 'groups',
    CUSTODY_OIDC_ROLES: 'viewer=auditors, analyst=analysts, operator=operations',
    CUSTODY_PUBLIC_URL: ORIGIN,
  })
  server = await DemoServer.begin({ oidc })
})
afterAll(async () => {
  await server.close()
  place.server.closeAllConnections()
  place.server.close()
})

const cookieIn = (response: Response, name: string) =>
  response.headers.getSetCookie().find(each => each.startsWith(`${name}=`) && !each.includes('Max-Age=0')) ?? ''
const pair = (cookie: string) => cookie.split(';')[0] ?? ''

/** Sets out, signs in at the provider, and comes back: the way back, and the cookie that belongs to it. */
async function travel(who: string) {
  place.who = who
  const out = await server.ask('/sign-in')
  const journey = cookieIn(out, `custody-${PORT}-sign-in`)
  const back = await place.browse(out.headers.get('location') ?? '')
  return { out, journey, back, path: back.pathname + back.search }
}

async function signIn(who: string): Promise<Response> {
  const { journey, path } = await travel(who)
  return server.ask(path, { headers: { cookie: pair(journey) } })
}

describe('each role comes from a claim', () => {
  test.each([
    ['vera', 'viewer', 'vera@example.com'],
    // Whose address nobody has verified is named by their subject: the log of readers would name somebody else.
    ['anna', 'analyst', 'anna'],
    ['otto', 'operator', 'otto'],
  ])('%s is %s', async (who, role, user) => {
    const response = await signIn(who)
    expect([response.status, response.headers.get('location')]).toEqual([303, '/'])
    const cookie = cookieIn(response, `custody-${PORT}`)
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict$/)
    const asked = await server.ask(`${API}/session`, { headers: { cookie: pair(cookie) } })
    expect((await asked.json()) as Session).toMatchObject({ user, role, sign_in: 'oidc' })
    const proof = await server.ask(`${API}/runs/latest/rows/17/proof`, { headers: { cookie: pair(cookie) } })
    expect(proof.status).toBe(role === 'viewer' ? 403 : 200)
  })

  test.each(['nobody', 'none'])('%s has none, and is sent away with a page that says so', async who => {
    const response = await signIn(who)
    expect([response.status, cookieIn(response, `custody-${PORT}`)]).toEqual([403, ''])
    expect(await response.text()).toContain(`you are ${who}, and have no role here`)
  })
})

test('setting out takes PKCE, a state and a nonce, which stay in a sealed cookie', async () => {
  const { out, journey } = await travel('vera')
  const asked = new URL(out.headers.get('location') ?? '').searchParams
  expect(asked.get('code_challenge_method')).toBe('S256')
  expect(asked.get('redirect_uri')).toBe(`${ORIGIN}/sign-in/callback`)
  for (const name of ['state', 'nonce', 'code_challenge']) expect(asked.get(name)?.length).toBeGreaterThan(20)
  expect(journey).toMatch(/; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/)
  expect(journey).not.toContain(asked.get('state'))
})

describe('nobody comes back', () => {
  const refused = async (path: string, cookie: string) => {
    const response = await server.ask(path, { headers: { cookie } })
    expect([response.status, cookieIn(response, `custody-${PORT}`)]).toEqual([400, ''])
  }

  test('with a forged state, a state of another browser, or none', async () => {
    const { journey, back, path } = await travel('otto')
    const other = await travel('otto')
    await refused(path, '')
    await refused(path, pair(other.journey))
    await refused(path, `custody-${PORT}-sign-in=${'A'.repeat(200)}`)
    back.searchParams.set('state', 'forged')
    await refused(back.pathname + back.search, pair(journey))
    back.searchParams.delete('state')
    await refused(back.pathname + back.search, pair(journey))
    expect(server.troubles.length).toBeGreaterThan(3)
  })

  test('twice, or too late', async () => {
    const { journey, path } = await travel('otto')
    expect((await server.ask(path, { headers: { cookie: pair(journey) } })).status).toBe(303)
    await refused(path, pair(journey))
    const late = await travel('otto')
    server.now_ms += JOURNEY_MS
    await refused(late.path, pair(late.journey))
  })

  test('from another provider', async () => {
    const { journey, back } = await travel('otto')
    back.searchParams.set('iss', 'https://elsewhere.example')
    await refused(back.pathname + back.search, pair(journey))
  })
})

test('a session ends as any other; then one signs in by the provider again', async () => {
  const cookie = pair(cookieIn(await signIn('vera'), `custody-${PORT}`))
  server.now_ms += LIFETIME_MS
  const response = await server.ask(`${API}/runs`, { headers: { cookie } })
  expect([response.status, response.headers.get('x-custody-sign-in')]).toEqual([401, 'oidc'])
})

test('no code is good, and metrics are for those who are signed in', async () => {
  expect(server.parts.code()).toBeNull()
  const body = { code: 'x' }
  expect((await server.ask(`${API}/session`, { method: 'POST', body, headers: { origin: ORIGIN } })).status).toBe(401)
  expect((await server.ask('/metrics')).status).toBe(401)
  expect((await server.withToken('/metrics')).status).toBe(200)
})

describe('settings', () => {
  const all = {
    CUSTODY_OIDC_ISSUER: 'https://id.example.com',
    CUSTODY_OIDC_CLIENT_ID: 'c',
    CUSTODY_PUBLIC_URL: 'https://custody.example.com',
  }
  test('are all there, or none', () => {
    expect(oidcSettings({})).toBeNull()
    expect(oidcSettings(all)?.roles.get('analyst')).toBe('analyst')
    for (const name of Object.keys(all)) expect(() => oidcSettings({ ...all, [name]: '' })).toThrow(/only part/)
  })

  test.each([
    { CUSTODY_OIDC_ISSUER: 'http://id.example.com' },
    { CUSTODY_OIDC_ISSUER: 'id.example.com' },
    { CUSTODY_PUBLIC_URL: 'http://custody.example.com' },
    { CUSTODY_PUBLIC_URL: 'https://custody.example.com/below' },
    { CUSTODY_OIDC_ROLES: 'admin=x' },
    { CUSTODY_OIDC_ROLES: 'viewer' },
    { CUSTODY_OIDC_ROLES: 'viewer=x,operator=x' },
  ])('%j is refused', wrong => {
    expect(() => oidcSettings({ ...all, ...wrong })).toThrow(expect.objectContaining({ code: 'CUSTODY_SERVE' }))
  })
})
