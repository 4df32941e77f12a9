import { describe, expect, onTestFinished, test } from 'vitest'
import { type Answer, serve } from '../../../test/support/web-server.ts'
import type { Resolve } from './addresses.ts'
import { WebClient } from './client.ts'
import { proxyFor, proxySecrets } from './proxy.ts'

const PROXY = 'http://proxy.example:3128'
const chosen = (url: string, env: object) => proxyFor(new URL(url), env as NodeJS.ProcessEnv)?.url ?? null

describe('which proxy is asked', () => {
  test.each<[string, string, object, string | null]>([
    ['none that isn’t named', 'http://a.example/', {}, null],
    ['that of the scheme', 'http://a.example/', { HTTP_PROXY: PROXY, HTTPS_PROXY: 'http://other.example' }, PROXY],
    ['that of the other', 'https://a.example/', { HTTPS_PROXY: PROXY }, PROXY],
    ['not that of the other', 'https://a.example/', { HTTP_PROXY: PROXY }, null],
    ['lower case first', 'http://a.example/', { HTTP_PROXY: 'http://other.example', http_proxy: PROXY }, PROXY],
    ['an empty one is none', 'http://a.example/', { HTTP_PROXY: '' }, null],
    ['a host alone', 'http://a.example/', { HTTP_PROXY: 'proxy.example:3128' }, PROXY],
    [
      'a password as it stands',
      'http://a.example/',
      { HTTP_PROXY: 'http://me:100%@proxy.example' },
      'http://me:100%25@proxy.example',
    ],
    [
      'a password encoded',
      'http://a.example/',
      { HTTP_PROXY: 'http://m%40e:p%25@proxy.example' },
      'http://m%40e:p%25@proxy.example',
    ],
    ['never for this machine', 'http://127.0.0.1:11434/', { HTTP_PROXY: PROXY }, null],
    ['nor by name', 'http://localhost:11434/', { HTTP_PROXY: PROXY }, null],
    ['nor in IPv6', 'http://[::1]/', { HTTP_PROXY: PROXY }, null],
  ])('%s', (_, url, env, proxy) => {
    expect(chosen(url, env)).toBe(proxy)
  })

  test.each([
    ['*', 'http://a.example/', true],
    ['a.example', 'http://a.example/', true],
    ['a.example', 'http://b.a.example/', true],
    ['a.example', 'http://ba.example/', false],
    ['.a.example', 'http://b.a.example/', true],
    ['*.a.example', 'http://b.a.example/', true],
    ['b.example, a.example', 'http://A.EXAMPLE/', true],
    ['a.example:8080', 'http://a.example:8080/', true],
    ['a.example:8080', 'http://a.example/', false],
    ['a.example:80', 'http://a.example/', true],
    ['10.0.0.0/8', 'http://10.1.2.3/', true],
    ['10.0.0.0/8', 'http://11.1.2.3/', false],
    ['10.1.2.3', 'http://10.1.2.3/', true],
    ['fd00::/8', 'http://[fd12::1]/', true],
    ['fd12::1', 'http://[fd12::1]/', true],
    ['', 'http://a.example/', false],
  ])('NO_PROXY=%s for %s: %s', (list, url, without) => {
    expect(chosen(url, { HTTP_PROXY: PROXY, NO_PROXY: list }) === null).toBe(without)
  })

  test('its password is a secret', () => {
    const values = proxySecrets({ https_proxy: 'http://me:a%25long%20word@proxy.example' }).map(({ value }) => value)
    expect(values).toEqual(['a%long word', 'a%25long%20word', 'me:a%long word'])
  })
})

describe('asked through a proxy', () => {
  const client = (HTTP_PROXY: string, resolve?: Resolve, timeout_ms = 30_000) => {
    const limits = { timeout_ms, max_bytes: 1_000_000, redirects: 5, allow: ['listed.example'] }
    const web = new WebClient(limits, resolve, { HTTP_PROXY, HTTPS_PROXY: HTTP_PROXY } as NodeJS.ProcessEnv)
    onTestFinished(() => web.close())
    return (url: string) =>
      web.ask(
        { method: 'GET', url: new URL(url), headers: {}, body: null, idempotent: true },
        new AbortController().signal,
      )
  }
  const echo: Answer = ({ url, headers }, response) => response.end(`${url} ${headers['proxy-authorization']}`)
  const unknown: Resolve = () => Promise.reject(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }))

  test('the proxy looks up a name that only it knows, and gets the password', async () => {
    const { port } = await serve(echo)
    const answer = await client(`http://me:100%25%zz@127.0.0.1:${port}`, unknown)('http://far.example/a?b=c')
    const basic = Buffer.from('me:100%%zz').toString('base64')
    expect(String(answer.kind === 'incoming' && answer.body)).toBe(`http://far.example/a?b=c Basic ${basic}`)
  })

  test.each([
    ['http://169.254.169.254/', unknown],
    ['http://10.0.0.1/', unknown],
    ['http://inside.example/', async () => ['10.0.0.1']],
  ] as const)('%s is refused as without one', async (url, resolve) => {
    const { port, asked } = await serve(echo)
    expect(await client(`http://127.0.0.1:${port}`, resolve)(url)).toMatchObject({
      code: 'HTTP_ADDRESS_REFUSED',
      reached: 'nothing',
    })
    expect(asked).toEqual([])
  })

  test('what `allow` lists is asked', async () => {
    const { port } = await serve(echo)
    const answer = await client(`http://127.0.0.1:${port}`, async () => ['10.0.0.1'])('http://listed.example/')
    expect(answer).toMatchObject({ kind: 'incoming', status: 200 })
  })

  test('one that gives no way is told apart from the service', async () => {
    const { port, server } = await serve(echo)
    server.on('connect', (_request, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'))
    const answer = await client(`http://127.0.0.1:${port}`, unknown)('https://far.example/')
    expect(answer).toMatchObject({
      code: 'HTTP_NETWORK',
      message: 'the proxy gives no way to https://far.example (status 407)',
      retryable: false,
      reached: 'nothing',
    })
  })

  test('one that never gives a way is given up in time', async () => {
    const { port, server } = await serve(echo)
    server.on('connect', (_request, socket) => onTestFinished(() => void socket.destroy()))
    const answer = await client(`http://127.0.0.1:${port}`, unknown, 50)('https://far.example/')
    expect(answer).toMatchObject({ code: 'HTTP_TIMEOUT', retryable: true, reached: 'nothing' })
  })

  test('one for other protocols is no proxy', async () => {
    const answer = await client('socks5://127.0.0.1:1080', unknown)('https://far.example/')
    expect(answer).toMatchObject({ code: 'HTTP_NETWORK', message: expect.stringContaining('HTTPS_PROXY') })
  })
})
