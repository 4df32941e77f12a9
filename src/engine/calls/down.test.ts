/** Services that are down, refuse who asks, or want to be left alone: what the run makes of it, and what its rows lose. */
import { describe, expect, test } from 'vitest'
import { Peer, type PeerLimits, askingPipeline as pipeline } from '../../../test/support/peer.ts'
import { aggregateOf, type Rig } from '../../../test/support/rig.ts'
import type { CallFact, VisitFact } from '../../format/entry.ts'
import type { Json, Row } from '../../model/row.ts'
import type { CallAnswer, CallFailure } from '../../sdk/call.ts'
import type { ServiceState } from './service-state.ts'

const OUTAGE: CallFailure = {
  kind: 'failure',
  code: 'BUSY',
  message: 'HTTP 503',
  retryable: true,
  outage: true,
  unbilled: true,
  response: { status: 503 },
}
const ok = (n: Json): CallAnswer => ({ kind: 'answer', response: { said: n } })
const once = (text: string) => text.replace('attempts: 3', 'attempts: 1')
const limits = (of: PeerLimits) => `limits: ${JSON.stringify(of)}`
const peerWith = (of: NonNullable<PeerLimits['services']>[string]) => limits({ services: { peer: of } })
const failedVisits = (rig: Rig) => rig.facts<VisitFact>('visits').filter(each => each.node === 2 && each.status !== 0)
const callsOf = (rig: Rig) => rig.facts<CallFact>('calls')
const now_ms = (peer: Peer) => peer.asked.at(-1)?.at_ms ?? 0

describe('a service that is down', () => {
  test('is paused after so many outages in a row, and no row loses an attempt by it', async () => {
    const peer = new Peer()
    peer.answer = n => (now_ms(peer) < 20_000 ? OUTAGE : ok(n))
    const rig = peer.on(once(pipeline(100, peerWith({ concurrency: 5 }))))
    const states: ServiceState[] = []
    const { summary } = await rig.run({ onService: each => states.push(each) })
    expect(summary.status).toBe('completed')
    expect(rig.column('out', 'n')).toHaveLength(100)
    expect(failedVisits(rig)).toEqual([])
    expect(callsOf(rig).filter(({ status }) => status === 1)).toHaveLength(33)
    expect(summary.calls).toMatchObject({ made: 133, failed: 33 })
    expect(states).toMatchObject([
      { kind: 'down', service: 'peer', failures: 25, last: '503', open: 100 },
      { kind: 'down', failures: 30 },
      { kind: 'down', failures: 31 },
      { kind: 'down', failures: 32 },
      { kind: 'down', failures: 33 },
      { kind: 'back', service: 'peer' },
    ])
    // Tries are alone, and further and further apart.
    const times = peer.asked.map(each => Math.round(each.at_ms / 1000))
    expect(times.slice(28, 36)).toEqual([1, 2, 4, 8, 16, 32, 32, 32])
  })

  test('stops the run after `give_up_after`, to be resumed, with the breaker closed again', async () => {
    const peer = new Peer()
    peer.answer = () => OUTAGE
    const text = once(pipeline(60, peerWith({ concurrency: 5, breaker: { failures: 10, give_up_after: '2m' } })))
    const rig = peer.on(text)
    const { error, summary } = await rig.run()
    expect(error).toMatchObject({ code: 'CUSTODY_SERVICE_DOWN', message: expect.stringContaining('(503)') })
    expect(summary).toMatchObject({ status: 'failed', tokens: { born: 60, ended: 0, open: 60 } })
    expect(now_ms(peer)).toBeLessThanOrEqual(121_000)
    expect(failedVisits(rig)).toEqual([])
    expect(peer.asked.length).toBeLessThan(25)
    const asked = peer.asked.length
    // It begins afresh.
    await rig.resume(1_000)
    expect(peer.asked.length - asked).toBe(asked)
    peer.answer = ok
    expect((await rig.resume(1_000)).summary.status).toBe('completed')
    expect(rig.column('out', 'n')).toHaveLength(60)
  })

  test('costs attempts where it answers others', async () => {
    const peer = new Peer()
    peer.answer = n => (Number(n) % 10 === 0 ? OUTAGE : ok(n))
    const rig = peer.on(pipeline(200, peerWith({ concurrency: 5, breaker: { failures: 25 } })))
    await rig.run()
    expect(rig.column('out', 'n')).toHaveLength(180)
    expect(Object.values(rig.endings()).filter(each => each === 'FAILED/retries_exhausted@ask')).toHaveLength(20)
  })

  test('costs attempts where too few ask for anybody to tell', async () => {
    const peer = new Peer()
    peer.answer = () => OUTAGE
    const rig = peer.on(pipeline(3))
    const { error } = await rig.run()
    expect(error).toBeNull()
    expect(peer.asked).toHaveLength(9)
    expect(new Set(Object.values(rig.endings()))).toEqual(new Set(['FAILED/retries_exhausted@ask']))
  })

  test('pauses nothing with `breaker: off`', async () => {
    const peer = new Peer()
    peer.answer = () => OUTAGE
    const rig = peer.on(once(pipeline(100, peerWith({ breaker: 'off' }))))
    const { error } = await rig.run()
    expect(error).toBeNull()
    expect(Object.values(rig.endings())).toHaveLength(100)
  })

  test('is asked nothing twice that must not be done twice', async () => {
    const peer = new Peer()
    peer.answer = () => ({ ...OUTAGE, retryable: false })
    const rig = peer.on(pipeline(40, peerWith({ concurrency: 1, breaker: { failures: 10, give_up_after: '1m' } })))
    const { error } = await rig.run()
    expect(error).toMatchObject({ code: 'CUSTODY_SERVICE_DOWN' })
    const asked = peer.asked.map(({ n }) => n)
    expect(new Set(asked).size).toBe(asked.length)
    expect(asked.length).toBeLessThan(20)
  })

  test('doesn’t keep what another service does from going on', async () => {
    const peer = new Peer()
    peer.answer = () => OUTAGE
    const text = once(pipeline(60, peerWith({ breaker: { failures: 5, give_up_after: '1m' } }), 'both'))
      .replace('nodes:', `nodes:\n  both: { fork: { asking: ask, aside: aside } }`)
      .replace('sinks:', 'sinks:\n  aside: { plugin: keep, on_error: discard }')
    const rig = peer.on(text)
    const { summary } = await rig.run()
    expect(summary.tokens).toEqual({ born: 180, ended: 120, open: 60 })
    expect(rig.column('aside', 'n')).toHaveLength(60)
  })

  test('leaves a batch that asks it open, too', async () => {
    const peer = new Peer()
    peer.answer = n => (peer.asked.length <= 4 ? OUTAGE : ok(n))
    const gather = aggregateOf('gather_peer', async (rows, context) => {
      const said = await peer.ask(rows.length, context)
      if (typeof said === 'object') return said as never
      return { kind: 'rows', rows: [{ said: said as Json }] as readonly Row[] }
    })
    const text = pipeline(20, peerWith({ concurrency: 2, breaker: { failures: 3 } })).replace(
      'transform: ask_peer',
      'aggregate: gather_peer, trigger: { count: 5 }',
    )
    const rig = peer.on(text, { ...gather, services: () => ['peer'], determinism: 'external' } as never)
    expect((await rig.run()).error).toBeNull()
    expect(rig.column('out', 'said')).toEqual([5, 5, 5, 5])
    // A replay hears what the batch heard in the end.
    const again = peer.on(text, { ...gather, services: () => ['peer'], determinism: 'external' } as never)
    await again.run({ on_record: await rig.onRecord() })
    expect(again.column('out', 'said')).toEqual([5, 5, 5, 5])
  })

  test('is replayed without waiting, and without the outages', async () => {
    const peer = new Peer()
    peer.answer = n => (peer.asked.length <= 12 ? OUTAGE : ok(n))
    const text = once(pipeline(30, peerWith({ concurrency: 3, breaker: { failures: 9 } })))
    const rig = peer.on(text)
    await rig.run()
    expect(rig.column('out', 'n')).toHaveLength(30)
    const asked = peer.asked.length
    const again = peer.on(text)
    const { summary } = await again.run({ on_record: await rig.onRecord() })
    expect(peer.asked).toHaveLength(asked)
    expect(summary.status).toBe('completed')
    expect(again.column('out', 'n')).toHaveLength(30)
  })
})

describe('a service that refuses who asks', () => {
  test.each([
    ['auth', 'CUSTODY_SERVICE_AUTH'],
    ['quota', 'CUSTODY_SERVICE_QUOTA'],
    ['model', 'CUSTODY_SERVICE_MODEL'],
    ['status', 'CUSTODY_SERVICE_STATUS'],
  ] as const)('stops the run at once (%s), and resume goes on where it stood', async (stops, code) => {
    const peer = new Peer()
    const refused: CallFailure = { kind: 'failure', code: 'BUSY', message: 'HTTP 401', retryable: false, stops }
    peer.answer = n => (peer.asked.length > 20 ? refused : ok(n))
    const rig = peer.on(pipeline(100, peerWith({ concurrency: 4 })))
    const { error, summary } = await rig.run()
    expect(error).toMatchObject({ code, where: { node: 'ask' }, message: expect.stringMatching(/^peer .*HTTP 401/) })
    expect(error?.also).toEqual([])
    expect(summary.status).toBe('failed')
    // No more than was under way.
    expect(peer.asked.length).toBeLessThanOrEqual(24)
    expect(failedVisits(rig)).toEqual([])
    expect(Object.values(rig.endings()).every(each => each.startsWith('COMPLETED'))).toBe(true)
    const bought = rig.column('out', 'n').length
    peer.answer = ok
    expect((await rig.resume(1_000)).summary.status).toBe('completed')
    expect(rig.column('out', 'n')).toHaveLength(100)
    const answered = callsOf(rig).filter(({ status }) => status === 0)
    expect(answered).toHaveLength(100)
    expect(bought).toBeGreaterThan(10)
  })
})

describe('a service that wants to be left alone', () => {
  const busy = (retry_after_ms?: number): CallFailure => ({
    ...{ kind: 'failure', code: 'BUSY', message: 'HTTP 429', retryable: true, throttled: true, unbilled: true },
    ...(retry_after_ms === undefined ? {} : { retry_after_ms }),
  })

  test('is left alone however often it says so, and no attempt is used up', async () => {
    const peer = new Peer()
    peer.answer = n => (now_ms(peer) < 60_000 ? busy(2_000) : ok(n))
    const rig = peer.on(once(pipeline(50)))
    await rig.run()
    expect(rig.column('out', 'n')).toHaveLength(50)
    expect(failedVisits(rig)).toEqual([])
  })

  test('stops the run if it asks for more than `max_wait`, and says until when', async () => {
    const peer = new Peer()
    peer.answer = () => busy(86_400_000)
    const rig = peer.on(pipeline(50))
    const { error, summary } = await rig.run()
    expect(error).toMatchObject({
      code: 'CUSTODY_SERVICE_BUSY',
      message: expect.stringContaining('2023-11-15T'),
      hint: 'Resume then; or wait for it, with --set limits.services.peer.max_wait=25h.',
    })
    expect(summary).toMatchObject({ status: 'failed', tokens: { open: 50 } })
    rig.text = rig.text.replace('limits', 'x').concat(peerWith({ max_wait: '2d' }))
    peer.answer = n => (peer.asked.length <= 20 ? busy(86_400_000) : ok(n))
    expect((await rig.resume(1_000)).summary.status).toBe('completed')
  })

  test('stops the run after `max_wait` in which it has answered nobody', async () => {
    const peer = new Peer()
    peer.answer = () => busy()
    const rig = peer.on(pipeline(50, peerWith({ max_wait: '5m' })))
    const { error, summary } = await rig.run()
    expect(error).toMatchObject({ code: 'CUSTODY_SERVICE_BUSY' })
    expect(summary.tokens).toMatchObject({ open: 50 })
    expect(now_ms(peer)).toBeLessThan(7 * 60_000)
  })

  test('tells how long', async () => {
    const peer = new Peer()
    peer.answer = n => (peer.asked.length <= 1 ? busy(600_000) : ok(n))
    const rig = peer.on(pipeline(1))
    const states: ServiceState[] = []
    await rig.run({ onService: each => states.push(each) })
    expect(states).toMatchObject([{ kind: 'left_alone', service: 'peer', open: 1 }])
    const [first] = states
    expect(first?.kind === 'left_alone' && first.until_us - first.now_us).toBe(600_000_000)
  })
})
