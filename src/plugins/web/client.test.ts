import { createServer, type Socket } from 'node:net'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Answer, serve } from '../../../test/support/web-server.ts'
import type { Resolve } from './addresses.ts'
import { WebClient, type WebLimits } from './client.ts'
import type { Outgoing } from './exchange.ts'

const LIMITS: WebLimits = { timeout_ms: 30_000, max_bytes: 1_000_000, redirects: 5, allow: ['127.0.0.1'] }
const NEVER = new AbortController().signal

function client(limits: Partial<WebLimits> = {}, resolve?: Resolve): WebClient {
  const made = new WebClient({ ...LIMITS, ...limits }, resolve)
  onTestFinished(() => made.close())
  return made
}

const get = (url: string, more: Partial<Outgoing> = {}): Outgoing => ({
  method: 'GET',
  url: new URL(url),
  headers: {},
  body: null,
  idempotent: true,
  ...more,
})
const post = (url: string, more: Partial<Outgoing> = {}) =>
  get(url, { method: 'POST', body: Buffer.from('hello'), idempotent: false, ...more })

/** Status and body, or code and whether a retry could help. */
async function outcome(web: WebClient, outgoing: Outgoing, signal = NEVER) {
  const answer = await web.ask(outgoing, signal)
  return answer.kind === 'failure' ? [answer.code, answer.retryable] : [answer.status, answer.body.toString()]
}

/** A server that treats its connections as it likes. */
async function serveRaw(onConnection: (socket: Socket, connection: number) => void): Promise<string> {
  let connections = 0
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    // Whoever asks may hang up at any time.
    socket.on('error', () => socket.destroy())
    onConnection(socket, ++connections)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}

describe('answers', () => {
  test('come as they are, compressed or not', async () => {
    const forms: { readonly [path: string]: readonly [string, Buffer] } = {
      '/gzip': ['gzip', gzipSync('text')],
      '/br': ['br', brotliCompressSync('text')],
      '/zstd': ['zstd', zstdCompressSync('text')],
      '/plain': ['identity', Buffer.from('text')],
    }
    const { origin, asked } = await serve(({ url }, response) => {
      const [encoding, body] = forms[url] ?? ['', Buffer.alloc(0)]
      response.writeHead(200, { 'content-encoding': encoding }).end(body)
    })
    for (const path of Object.keys(forms)) expect(await outcome(client(), get(origin + path))).toEqual([200, 'text'])
    expect(asked[0]?.headers).toMatchObject({ 'user-agent': 'custody', 'accept-encoding': 'gzip, br, zstd' })
  })

  test.each([
    ['an encoding that nobody asked for', 'compress', Buffer.from('x'), ['HTTP_ENCODING', false]],
    ['two encodings', 'gzip, gzip', gzipSync(gzipSync('x')), ['HTTP_ENCODING', false]],
    ['what isn’t compressed as it says', 'gzip', Buffer.from('not gzip'), ['HTTP_ENCODING', true]],
    ['a compressed body that is cut', 'gzip', gzipSync('x'.repeat(5000)).subarray(0, 20), ['HTTP_NETWORK', true]],
  ])('%s', async (_what, encoding, body, expected) => {
    const { origin } = await serve((_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(body))
    expect(await outcome(client(), get(origin))).toEqual(expected)
  })

  test.each([
    ['an encoding that isn’t so', 'gzip'],
    ['one that isn’t known', 'zebra'],
  ])('of an error the status counts, whatever the body is: %s', async (_what, encoding) => {
    const { origin } = await serve((_, response) =>
      response.writeHead(502, { 'content-encoding': encoding }).end('<html>bad gateway</html>'),
    )
    expect(await outcome(client(), get(origin))).toEqual([502, ''])
  })

  test('no more than `max_bytes` of them, counted after decompression', async () => {
    const sizes = [1000, 1001]
    const { origin } = await serve(({ url }, response) => {
      const body = 'x'.repeat(sizes[Number(url.slice(1))] ?? 0)
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body))
    })
    expect(await outcome(client({ max_bytes: 1000 }), get(`${origin}/0`))).toEqual([200, 'x'.repeat(1000)])
    expect(await outcome(client({ max_bytes: 1000 }), get(`${origin}/1`))).toEqual(['HTTP_TOO_LARGE', false])
  })

  test('a bomb is given up early', { tags: ['proof'] }, async () => {
    // 200 MB in 200 KB.
    const bomb = gzipSync(Buffer.alloc(200_000_000))
    const { origin } = await serve((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb))
    const before = process.memoryUsage().rss
    expect(await outcome(client(), get(origin))).toEqual(['HTTP_TOO_LARGE', false])
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000)
  })

  test('without an end are given up', async () => {
    const endless: Answer = (_, response) => {
      response.writeHead(200)
      const more = setInterval(() => response.write(Buffer.alloc(65_536)), 1)
      response.on('close', () => clearInterval(more))
    }
    const { origin } = await serve(endless)
    expect(await outcome(client(), get(origin))).toEqual(['HTTP_TOO_LARGE', false])
  })

  test('more headers than anybody needs', async () => {
    const { origin } = await serve((_, response) => response.writeHead(200, { big: 'x'.repeat(100_000) }).end())
    expect(await outcome(client(), get(origin))).toEqual(['HTTP_TOO_LARGE', false])
  })
})

describe('time', () => {
  test.each([
    ['no answer', () => undefined],
    [
      'a byte now and then',
      (socket: Socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n')
        const drip = setInterval(() => socket.write('x'), 5)
        socket.on('close', () => clearInterval(drip))
      },
    ],
    [
      'news that aren’t the answer',
      (socket: Socket) => {
        const drip = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 5)
        socket.on('close', () => clearInterval(drip))
      },
    ],
  ])('%s: the limit is for everything', async (_what, onConnection) => {
    const origin = await serveRaw(onConnection)
    const web = client({ timeout_ms: 100 })
    expect(await outcome(web, get(origin))).toEqual(['HTTP_TIMEOUT', true])
    expect(await outcome(web, post(origin))).toEqual(['HTTP_TIMEOUT', false])
  })

  test('a name that takes for ever to look up', async () => {
    const web = client({ timeout_ms: 50 }, () => new Promise(() => undefined))
    expect(await outcome(web, post('http://slow.example/'))).toEqual(['HTTP_TIMEOUT', true])
  })

  test('the run’s stop ends it at once', async () => {
    const stop = new AbortController()
    const origin = await serveRaw(() => stop.abort())
    expect(await outcome(client(), get(origin), stop.signal)).toEqual(['HTTP_TIMEOUT', true])
    expect(await outcome(client(), get(origin), AbortSignal.abort())).toEqual(['HTTP_TIMEOUT', true])
  })
})

describe('connections that break', () => {
  test.each([
    ['before anything', ''],
    ['within the headers', 'HTTP/1.1 200 OK\r\nx: '],
    ['within the body', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx'],
    ['within a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab'],
    ['with what isn’t HTTP', 'SSH-2.0-OpenSSH\r\n'],
    ['with another protocol', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'],
    ['with two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
  ])('%s: what may have taken effect isn’t asked again', async (_when, text) => {
    const origin = await serveRaw(socket => socket.once('data', () => socket.end(text)))
    expect(await outcome(client(), get(origin))).toEqual(['HTTP_NETWORK', true])
    expect(await outcome(client(), post(origin))).toEqual(['HTTP_NETWORK', false])
    expect(await outcome(client(), post(origin, { idempotent: true }))).toEqual(['HTTP_NETWORK', true])
  })

  test('what was never sent may be asked again', async () => {
    const { origin, server } = await serve(() => undefined)
    await new Promise(resolve => server.close(resolve))
    expect(await outcome(client(), post(origin))).toEqual(['HTTP_NETWORK', true])
  })

  test('a name that doesn’t exist stays so', async () => {
    const unknown = () => Promise.reject(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }))
    expect(await outcome(client({}, unknown), get('http://gone.example/'))).toEqual(['HTTP_NETWORK', false])
  })

  test('a server without TLS', async () => {
    const origin = await serveRaw(socket => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))
    expect(await outcome(client(), get(origin.replace('http', 'https')))).toEqual(['HTTP_TLS', false])
  })
})

describe('addresses', () => {
  test('local ones are refused unless they are listed', async () => {
    const { origin, port, asked } = await serve((_, response) => response.end('reached'))
    const strict = client({ allow: [] })
    for (const url of [
      origin,
      `http://2130706433:${port}/`,
      `http://[::ffff:127.0.0.1]:${port}/`,
      `http://localhost:${port}/`,
    ])
      expect(await outcome(strict, get(url))).toEqual(['HTTP_ADDRESS_REFUSED', false])
    expect(asked).toEqual([])
    expect(await outcome(client(), get(`http://2130706433:${port}/`))).toEqual([200, 'reached'])
    expect(await outcome(client({ allow: ['localhost'] }), get(`http://localhost:${port}/`))).toEqual([200, 'reached'])
  })

  test.each([
    'http://127.0.0.2:PORT/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[::1]:PORT/',
    'http://0x7f.2:PORT/',
    'http://internal.example:PORT/',
  ])('a redirect to %s is refused', async location => {
    const { origin, port, asked } = await serve((_, response) =>
      response.writeHead(302, { location: location.replace('PORT', String(port)) }).end(),
    )
    const web = client({}, async () => ['10.0.0.7'])
    expect(await outcome(web, get(origin))).toEqual(['HTTP_ADDRESS_REFUSED', false])
    expect(asked).toHaveLength(1)
  })

  test('a name is looked up once for each connection, and the connection goes to what was judged', async () => {
    const { port, asked } = await serve((_, response) =>
      response.writeHead(302, { connection: 'close', location: '/again' }).end(),
    )
    const answers = ['127.0.0.1', '127.0.0.2', '127.0.0.1']
    let lookups = 0
    const rebinding = client({}, async () => [answers[lookups++] ?? ''])
    expect(await outcome(rebinding, get(`http://rebound.example:${port}/`))).toEqual(['HTTP_ADDRESS_REFUSED', false])
    expect([lookups, asked.length]).toEqual([2, 1])
  })
})

describe('redirects', () => {
  const headers = {
    authorization: 'Bearer token',
    'x-key': 'key',
    cookie: 'c=1',
    accept: 'text/html',
    'user-agent': 'me',
  }

  test('keep headers within an origin, and lose them for another', async () => {
    const other = await serve((_, response) => response.end('there'))
    const first = await serve(({ url }, response) => {
      const location = url === '/' ? '/within' : `${other.origin}/elsewhere`
      response.writeHead(302, { location }).end()
    })
    expect(await outcome(client(), get(`${first.origin}/`, { headers }))).toEqual([200, 'there'])
    expect(first.asked.map(({ headers: { authorization } }) => authorization)).toEqual(['Bearer token', 'Bearer token'])
    const [{ headers: received } = { headers: {} }] = other.asked
    expect(received).toMatchObject({ accept: 'text/html', 'user-agent': 'me' })
    expect(
      Object.keys(received).filter(name => ['authorization', 'x-key', 'cookie', 'referer'].includes(name)),
    ).toEqual([])
  })

  test.each([
    [301, 'GET', ''],
    [302, 'GET', ''],
    [303, 'GET', ''],
    [307, 'POST', 'hello'],
    [308, 'POST', 'hello'],
  ])('after %i a POST becomes a %s', async (status, method, body) => {
    const { origin, asked } = await serve(({ url }, response) => {
      if (url === '/') response.writeHead(status, { location: '/next' }).end()
      else response.end('done')
    })
    expect(await outcome(client(), post(`${origin}/`, { headers: { 'content-type': 'text/plain' } }))).toEqual([
      200,
      'done',
    ])
    expect(asked[1]).toMatchObject({ method, body })
    expect('content-type' in (asked[1]?.headers ?? {})).toBe(method === 'POST')
  })

  test('never carry a body to another origin', async () => {
    const other = await serve((_, response) => response.end('there'))
    const { origin } = await serve((_, response) => response.writeHead(307, { location: other.origin }).end())
    expect(await outcome(client(), post(origin))).toEqual(['HTTP_REDIRECTS', false])
    expect(other.asked).toEqual([])
  })

  test.each(['file:///etc/passwd', 'ftp://files.example/', 'gopher://x/', 'http://', 'http://user:word@127.0.0.1/'])(
    'don’t lead to %s',
    async location => {
      const { origin } = await serve((_, response) => response.writeHead(302, { location }).end())
      expect(await outcome(client(), get(origin))).toEqual(['HTTP_REDIRECTS', false])
    },
  )

  test('are counted', async () => {
    const { origin, asked } = await serve(({ url }, response) =>
      response.writeHead(302, { location: `/${Number(url.slice(1)) + 1}` }).end(),
    )
    expect(await outcome(client({ redirects: 3 }), get(`${origin}/0`))).toEqual(['HTTP_REDIRECTS', false])
    expect(asked).toHaveLength(4)
  })

  test('are answers where none are followed, and where they lead nowhere', async () => {
    const { origin } = await serve(({ url }, response) =>
      response.writeHead(302, url === '/to' ? { location: '/x' } : {}).end(),
    )
    expect(await outcome(client({ redirects: 0 }), get(`${origin}/to`))).toEqual([302, ''])
    expect(await outcome(client(), get(`${origin}/nowhere`))).toEqual([302, ''])
  })
})
