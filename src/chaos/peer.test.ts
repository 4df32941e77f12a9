/** Faults, limits and the record of a peer, over HTTP. */
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { chat, completed, peerStarter, SCHEMA, WITH_SCHEMA } from '../../test/support/chaos-client.ts'
import { compileJsonSchema } from '../sdk/field-type.ts'
import { FAULT_KINDS, type FaultKind } from './faults.ts'
import type { ChaosOptions } from './options.ts'
import { type ChaosPeer, startChaosPeer } from './peer.ts'

const start = peerStarter()

/** A peer at which every request meets this fault, if it can. */
const startWith = (fault: FaultKind, more: ChaosOptions = {}) => start({ faults: { [fault]: 1 }, ...more })

const PROMPTS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

/** Whether a text is JSON. */
function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

async function last(peer: ChaosPeer) {
  await peer.idle()
  return peer.requests.at(-1)
}

describe('faults of the server', () => {
  test('rate_limited: 429, with Retry-After as it is wanted', async () => {
    const peer = await startWith('rate_limited', { retry_after: { seconds: 7 } })
    const response = await chat(peer, 'x')
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7'])
    expect(response.headers.get('x-chaos-fault')).toBe('rate_limited')
    const silent = await startWith('rate_limited', { retry_after: { form: 'none' } })
    expect((await chat(silent, 'x')).headers.get('retry-after')).toBeNull()
    const dated = await startWith('rate_limited', { retry_after: { form: 'date', seconds: 60 } })
    const before_ms = Date.now()
    const date = (await chat(dated, 'x')).headers.get('retry-after') ?? ''
    expect(new Date(date).toUTCString()).toBe(date)
    expect(Date.parse(date)).toBeGreaterThanOrEqual(before_ms + 60_000)
  })

  test('rate_limited: a burst takes others along, and they meet later what they would have met', async () => {
    const options: ChaosOptions = { faults: { rate_limited: 0.2, refusal: 0.4 } }
    const alone = await start(options)
    const own = new Map<string, number>()
    for (const prompt of PROMPTS) own.set(prompt, (await chat(alone, prompt)).status)
    const [first, ...others] = PROMPTS.toSorted((a, b) => (own.get(b) ?? 0) - (own.get(a) ?? 0))
    expect(own.get(first ?? '')).toBe(429)

    const peer = await start({ ...options, burst: { requests: 1 + others.length } })
    for (const prompt of [first ?? '', ...others]) expect((await chat(peer, prompt)).status).toBe(429)
    const calm = others.filter(prompt => own.get(prompt) === 200)
    for (const prompt of calm) expect((await chat(peer, prompt)).status).toBe(200)
    const met = (of: ChaosPeer) =>
      calm.map(prompt => of.requests.find(each => each.attempt === 1 && each.body.includes(`"${prompt}"`))?.fault)
    expect(met(peer)).toEqual(met(alone))
    expect(peer.requests.map(({ attempt }) => attempt)).toEqual([1, ...others.map(() => null), ...calm.map(() => 1)])
  })

  test('server_error: one of the statuses, as JSON', async () => {
    const peer = await startWith('server_error', { statuses: [500, 529] })
    const statuses = new Set<number>()
    for (const prompt of PROMPTS) {
      const response = await chat(peer, prompt)
      statuses.add(response.status)
      expect(await response.json()).toMatchObject({ error: { message: expect.any(String), type: 'server_error' } })
    }
    expect([...statuses].sort()).toEqual([500, 529])
  })
})

describe('faults of the body', () => {
  test.each(['reset', 'short_body'] as const)('%s: the connection ends before the body', async fault => {
    const peer = await startWith(fault)
    for (const stream of [false, true])
      await expect(chat(peer, 'x', { stream }).then(response => response.text())).rejects.toThrow()
    expect(await last(peer)).toMatchObject({ fault, status: 200, sent_whole: false, ended_ms: expect.any(Number) })
  })

  test.each([
    ['reset', 'ECONNRESET'],
    ['short_body', 'end'],
  ] as const)('%s: the socket sees %s', async (fault, seen) => {
    const peer = await startWith(fault)
    const socket = connect(Number(new URL(peer.url).port), '127.0.0.1')
    socket.resume().write('GET /page HTTP/1.1\r\nhost: x\r\n\r\n')
    const ended = new Promise(resolve => {
      socket.on('end', () => resolve('end'))
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    })
    expect(await ended).toBe(seen)
    socket.destroy()
  })

  test('malformed: a whole response that isn’t JSON, in several ways', async () => {
    const peer = await startWith('malformed')
    const types = new Set<string | null>()
    for (const prompt of PROMPTS) {
      const response = await chat(peer, prompt)
      types.add(response.headers.get('content-type'))
      expect(response.status).toBe(200)
      expect(parses(await response.text())).toBe(false)
    }
    expect([...types].sort()).toEqual(['application/json', 'text/html'])
    expect(await last(peer)).toMatchObject({ fault: 'malformed', sent_whole: true })
  })

  test('cut_body: a part, as if it were all', async () => {
    const peer = await startWith('cut_body')
    const response = await chat(peer, 'x')
    const text = await response.text()
    expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(text)))
    expect(parses(text)).toBe(false)
    expect(await last(peer)).toMatchObject({ fault: 'cut_body', sent_whole: false })
  })

  test('drip: all of it, piece by piece', async () => {
    const peer = await startWith('drip', { drip: { bytes: 50, pause_ms: 1 } })
    const plain = await start()
    expect(await (await chat(peer, 'x')).text()).toBe(await (await chat(plain, 'x')).text())
    expect(await last(peer)).toMatchObject({ fault: 'drip', sent_whole: true })
  })
})

describe('faults of the model', () => {
  test('truncated: a part, with the reason', async () => {
    const peer = await startWith('truncated', { answer: 'a rather long answer' })
    const { content, finish_reason, usage } = await completed(chat(peer, 'x'))
    expect(finish_reason).toBe('length')
    expect('a rather long answer'.startsWith(content ?? '?') && content !== 'a rather long answer').toBe(true)
    expect(usage.completion_tokens).toBe(Math.ceil((content?.length ?? 0) / 4))
  })

  test('malformed_answer: what should be JSON isn’t', async () => {
    const peer = await startWith('malformed_answer')
    for (const prompt of PROMPTS)
      expect(parses((await completed(chat(peer, prompt, WITH_SCHEMA))).content ?? '')).toBe(false)
    await completed(chat(peer, 'x'))
    expect(await last(peer)).toMatchObject({ fault: null })
  })

  test('wrong_schema: JSON that doesn’t fit; without a schema, no choices', async () => {
    const peer = await startWith('wrong_schema')
    const compiled = compileJsonSchema(SCHEMA)
    if ('problem' in compiled) throw new Error(compiled.problem)
    for (const prompt of PROMPTS) {
      const { content } = await completed(chat(peer, prompt, WITH_SCHEMA))
      expect(compiled.validate(JSON.parse(content ?? ''))).toBe(false)
    }
    expect(await (await chat(peer, 'x')).json()).not.toHaveProperty('choices')
    expect(await last(peer)).toMatchObject({ fault: 'wrong_schema' })
  })

  test.each([
    ['refusal', { content: null, refusal: expect.any(String), finish_reason: 'stop' }],
    ['content_filter', { content: null, refusal: null, finish_reason: 'content_filter' }],
  ] as const)('%s: no content', async (fault, expected) => {
    const peer = await startWith(fault)
    expect(await completed(chat(peer, 'x', WITH_SCHEMA))).toMatchObject(expected)
  })

  test('stand in streams, too', async () => {
    const peer = await startWith('refusal')
    const text = await (await chat(peer, 'x', { stream: true })).text()
    expect(text).toContain('"refusal":"I ')
    const wrong = await startWith('wrong_schema')
    expect(await (await chat(wrong, 'x', { stream: true })).text()).not.toContain('choices')
  })

  test.each(['truncated', 'malformed_answer', 'wrong_schema', 'refusal', 'content_filter'] as const)(
    '%s: not where no model answers',
    async fault => {
      const peer = await startWith(fault)
      expect((await fetch(`${peer.url}/page`)).ok).toBe(true)
      expect(await last(peer)).toMatchObject({ fault: null, status: 200, sent_whole: true })
    },
  )
})

describe('repeating a run', () => {
  test('the same requests meet the same, in whatever order and however many at once', { tags: ['proof'] }, async () => {
    const faults = Object.fromEntries(FAULT_KINDS.map(kind => [kind, 0.9 / FAULT_KINDS.length]))
    const met = async (prompts: readonly string[], at_once: number) => {
      const peer = await start({ seed: 11, faults, drip: { bytes: 200, pause_ms: 0 } })
      const rest = [...prompts]
      const worker = async () => {
        for (let prompt = rest.shift(); prompt !== undefined; prompt = rest.shift())
          await chat(peer, prompt, WITH_SCHEMA).then(
            response => response.text().catch(messageOf),
            error => messageOf(error),
          )
      }
      await Promise.all(Array.from({ length: at_once }, worker))
      await peer.idle()
      expect(peer.totals.peak_in_flight).toBeLessThanOrEqual(at_once)
      return peer.requests.map(({ body, attempt, fault, status }) => `${body} ${attempt} ${fault} ${status}`).sort()
    }
    const messageOf = (error: Error) => error.message
    const prompts = Array.from({ length: 150 }, (_, i) => `${i % 100}`)
    const first = await met(prompts, 1)
    expect(new Set(first.map(line => line.split(' ').at(-2))).size).toBe(FAULT_KINDS.length + 1)
    expect(await met(prompts.toReversed(), 12)).toEqual(first)
  })

  test('after the attempts that may be faulty all is well', async () => {
    const peer = await startWith('server_error', { faulty_attempts: 2, statuses: [503] })
    const statuses = []
    for (let i = 0; i < 4; i++) statuses.push((await chat(peer, 'x')).status)
    expect(statuses).toEqual([503, 503, 200, 200])
  })
})

describe('the limit', () => {
  test('refuses what is beyond, and says how long to wait', async () => {
    const peer = await start({ per_minute: 3 })
    const responses = []
    for (const prompt of PROMPTS.slice(0, 5)) responses.push(await chat(peer, prompt))
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429])
    const wait_s = Number(responses[3]?.headers.get('retry-after'))
    expect(wait_s).toBeGreaterThan(0)
    expect(wait_s).toBeLessThanOrEqual(60)
    await peer.idle()
    expect(peer.requests.map(({ fault }) => fault)).toEqual([null, null, null, 'over_limit', 'over_limit'])
    expect(peer.totals).toMatchObject({ peak_per_minute: 5, faults: { over_limit: 2 }, statuses: { 200: 3, 429: 2 } })
  })
})

describe('the record', () => {
  test('has what was asked, in order, and what became of it', async () => {
    const peer = await start({ answer: 'x' })
    const before_ms = performance.timeOrigin + performance.now()
    await (await chat(peer, 'one')).text()
    await (await fetch(`${peer.url}/status/404?q=1`, { headers: { authorization: 'Bearer k' } })).text()
    await peer.idle()
    const [one, two] = peer.requests
    expect(one).toMatchObject({ number: 1, method: 'POST', path: '/v1/chat/completions', attempt: 1, status: 200 })
    expect(JSON.parse(one?.body ?? '')).toMatchObject({ messages: [{ content: 'one' }] })
    expect(two).toMatchObject({ number: 2, path: '/status/404?q=1', body: '', fault: null, status: 404 })
    expect(two?.headers.authorization).toBe('Bearer k')
    const times = [before_ms, one?.arrived_ms, one?.ended_ms, two?.arrived_ms, two?.ended_ms].map(Number)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  test('counts what is in flight, and knows who went away', async () => {
    const peer = await start({ latency: { min_ms: 3_600_000, max_ms: 3_600_000 } })
    const gone = new AbortController()
    const asked = PROMPTS.map(prompt => fetch(`${peer.url}/echo?${prompt}`, { signal: gone.signal }))
    const ended = Promise.allSettled(asked)
    while (peer.totals.in_flight < PROMPTS.length) await new Promise(setImmediate)
    gone.abort()
    expect((await ended).map(({ status }) => status)).toEqual(PROMPTS.map(() => 'rejected'))
    await peer.idle()
    expect(peer.totals).toMatchObject({ requests: 8, in_flight: 0, peak_in_flight: 8, sent_whole: 0, statuses: {} })
    expect(peer.requests[0]).toMatchObject({ status: null, sent_whole: false, fault: null })
  })

  test('keeps as many as it shall, the latest', async () => {
    const peer = await start({ keep: 2 })
    const none = await start({ keep: 0 })
    for (const prompt of PROMPTS) await Promise.all([peer, none].map(each => chat(each, prompt)))
    expect(peer.requests.map(({ number }) => number)).toEqual([7, 8])
    expect(none.requests).toEqual([])
    expect(none.totals.requests).toBe(8)
  })
})

describe('starting and closing', () => {
  test('closing cuts what is in flight, and can be repeated', async () => {
    const peer = await startChaosPeer({ latency: { min_ms: 3_600_000, max_ms: 3_600_000 } })
    const asked = expect(chat(peer, 'x')).rejects.toThrow()
    while (peer.totals.in_flight === 0) await new Promise(setImmediate)
    await peer.close()
    await peer.close()
    await asked
    expect(peer.totals.in_flight).toBe(0)
  })

  test('a port that is in use is reported', async () => {
    const { url } = await start()
    const port = Number(new URL(url).port)
    await expect(startChaosPeer({ port })).rejects.toMatchObject({
      code: 'CUSTODY_ARGUMENT',
      message: `port ${port} of 127.0.0.1 is in use`,
    })
  })
})
