/** Calls on the clock: a service that answers as a test says, asked by visits and batches. */
import { describe, expect, test } from 'vitest'
import { Peer, type PeerLimits, askingPipeline as pipeline } from '../../../test/support/peer.ts'
import { Power } from '../../../test/support/power.ts'
import { aggregateOf, Rig, transformOf } from '../../../test/support/rig.ts'
import type { CallFact, VisitFact } from '../../format/entry.ts'
import { CustodyError } from '../../model/error.ts'
import { derive, type Json } from '../../model/row.ts'
import type { CallAnswer } from '../../sdk/call.ts'
import type { UnorderedTransformSpec, VisitContext } from '../../sdk/spec.ts'
import type { ServiceState } from './service-state.ts'

const callsOf = (rig: Rig) => rig.facts<CallFact>('calls')
const limits = (of: PeerLimits) => `limits: ${JSON.stringify(of)}`
const BUSY: CallAnswer = { kind: 'failure', code: 'BUSY', message: 'busy', retryable: true }

test('a call is evidence: what was asked and said, by whom, how long, for how much', async () => {
  const peer = new Peer()
  peer.answer = n => ({
    kind: 'answer',
    response: { said: n },
    usage: { input_tokens: 12, output_tokens: 3, cost_usd: 0.000_012_5 },
  })
  const rig = peer.on(pipeline(2))
  const { summary } = await rig.run()
  expect(rig.column('out', 'said')).toEqual([[1], [2]])
  const facts = { attempt: 1, ordinal: 1, service: 1, status: 0, request: 2, response: 3, duration_us: 100_000 }
  const costs = { input_tokens: 12, output_tokens: 3, cost_nusd: 12_500 }
  expect(callsOf(rig)).toMatchObject([
    { call: 1, token: 1, ...facts, ...costs },
    { call: 2, token: 2, ...facts, ...costs },
  ])
  expect(rig.plan().topology.nodes[1]?.services).toEqual(['peer'])
  expect(summary.calls).toEqual({
    ...{ made: 2, failed: 0, throttled: 0, recorded: 0, input_tokens: 24, output_tokens: 6, cost_usd: 0.000_025 },
  })
})

test('what a visit hears is what the ledger keeps, its fields in that order', async () => {
  const peer = new Peer()
  peer.answer = () => ({ kind: 'answer', response: { said: { b: 1, a: [{ d: 1, c: 2 }] } } })
  const rig = peer.on(pipeline(1))
  await rig.run()
  expect(JSON.stringify(rig.column('out', 'said'))).toBe('[[{"a":[{"c":2,"d":1}],"b":1}]]')
})

describe('limits', () => {
  test('of concurrency hold, and are made use of', async () => {
    const peer = new Peer()
    const rig = peer.on(pipeline(200, limits({ services: { peer: { concurrency: 7 } } })))
    const began_us = rig.clock.now_us()
    await rig.run()
    expect(peer.most_at_once).toBe(7)
    expect(rig.column('out', 'n')).toHaveLength(200)
    expect((rig.clock.now_us() - began_us) / 1000).toBeLessThanOrEqual(Math.ceil(200 / 7) * 100 + 60)
  })

  test.each([1, 10, 60])('of %i a minute hold in any minute', async per_minute => {
    const peer = new Peer()
    const rig = peer.on(pipeline(150, limits({ services: { peer: { per_minute, concurrency: 100 } } })))
    await rig.run()
    const times = peer.asked.map(each => each.at_ms)
    for (const from of times)
      expect(times.filter(at => at >= from && at <= from + 60_000).length).toBeLessThanOrEqual(per_minute)
    // No more of each minute is wasted than what a call takes.
    expect(times.at(-1)! / 60_300).toBeLessThan(Math.ceil(150 / per_minute))
  })

  test('of a minute hold across a stop', async () => {
    const peer = new Peer()
    const rig = peer.on(pipeline(30, limits({ services: { peer: { per_minute: 10 } } })))
    await rig.run({ stop_after_ms: 5_000 })
    expect(peer.asked).toHaveLength(10)
    const states: ServiceState[] = []
    await rig.resume(2_000, { onService: each => states.push(each) })
    const times = peer.asked.map(each => each.at_ms)
    for (const from of times)
      expect(times.filter(at => at >= from && at <= from + 60_000).length).toBeLessThanOrEqual(10)
    expect(rig.column('out', 'n')).toHaveLength(30)
    // Why nothing moves is reported; the ordinary reason too, once.
    expect(states).toMatchObject([
      { kind: 'paced', service: 'peer', assumed: true, open: 20 },
      { kind: 'paced', assumed: false },
    ])
    const [first] = states
    expect(first?.kind === 'paced' && (first.until_us - first.now_us) / 1_000_000).toBeGreaterThan(40)
  })

  test('of a minute hold across a crash, though nothing is on record of calls that were under way', async () => {
    const peer = new Peer()
    peer.latency_ms = 90_000
    const rig = peer.on(pipeline(30, limits({ services: { peer: { per_minute: 10, concurrency: 30 } } })))
    rig.clock.wake(65_000_000, () => {
      rig.ledger.power = new Power(1)
    })
    await rig.run()
    const before = peer.asked.length
    // They may still be counted for a minute after their answers.
    expect(before).toBe(10)
    rig.ledger.power = new Power(Number.POSITIVE_INFINITY)
    const states: ServiceState[] = []
    await rig.resume(2_000, { onService: each => states.push(each) })
    const times = peer.asked.map(each => each.at_ms)
    for (const from of times)
      expect(times.filter(at => at >= from && at <= from + 60_000).length).toBeLessThanOrEqual(10)
    expect(rig.column('out', 'n')).toHaveLength(30)
    expect(states[0]).toMatchObject({ kind: 'paced', assumed: true })
  })
})

describe('a visit', () => {
  type Process = Parameters<typeof transformOf>[1]
  const doing = (peer: Peer, process: Process): UnorderedTransformSpec => ({
    ...peer.transform(),
    create: () => ({ process }),
  })

  test('isn’t over before its calls are back, though its plugin didn’t wait for them', async () => {
    const peer = new Peer()
    peer.answer = (n, times) => (n === 'fails' && times < 2 ? BUSY : { kind: 'answer', response: { said: n } })
    const rig = peer.on(
      pipeline(1),
      doing(peer, async (row, context) => {
        const asked = ['slow', 'fails'].map(n => peer.ask(n, context))
        const said = await asked[1]!
        return typeof said === 'object' && said !== null ? (said as never) : { kind: 'row', row: derive(row, { said }) }
      }),
    )
    const perform = peer.perform.bind(peer)
    peer.perform = async n => {
      if (n === 'slow') await rig.clock.sleep(5_000_000)
      return perform(n)
    }
    await rig.run()
    expect(peer.asked.map(each => each.n).sort()).toEqual(['fails', 'fails', 'slow'])
    expect(callsOf(rig).map(each => [each.attempt, each.ordinal, each.status])).toEqual([
      [1, 2, 1],
      [1, 1, 0],
      [2, 2, 0],
    ])
    expect(rig.column('out', 'said')).toEqual(['fails'])
  })

  test('that is over can call no more', async () => {
    const peer = new Peer()
    const kept: VisitContext[] = []
    const spec = doing(peer, async (row, context) => {
      kept.push(context)
      await peer.ask('first', context)
      return { kind: 'row', row }
    })
    await peer.on(pipeline(1), spec).run()
    const problem = { code: 'CUSTODY_PLUGIN_DEFECT', message: /after it has returned/ }
    await expect(peer.ask('late', kept[0]!)).rejects.toMatchObject(problem)
  })
})

describe('an answer that is there', () => {
  test('isn’t asked for again by the next attempt', async () => {
    const peer = new Peer()
    peer.answer = (n, times) => (n === 'second' && times < 3 ? BUSY : { kind: 'answer', response: { said: n } })
    const rig = peer.on(
      pipeline(1),
      peer.transform(() => ['first', 'second']),
    )
    await rig.run()
    expect(rig.column('out', 'said')).toEqual([['first', 'second']])
    expect(peer.asked.map(each => each.n)).toEqual(['first', 'second', 'second', 'second'])
    expect(callsOf(rig).map(each => [each.attempt, each.ordinal, each.status])).toEqual([
      [1, 1, 0],
      [1, 2, 1],
      [2, 2, 1],
      [3, 2, 0],
    ])
    // Attempts that ask the same share the value.
    expect(new Set(callsOf(rig).map(each => each.request)).size).toBe(2)
  })

  test('isn’t asked for again after a crash, once it was there for 100 ms', async () => {
    const peer = new Peer()
    const rig = peer.on(
      pipeline(1),
      peer.transform(() => ['first', 'second']),
    )
    // The second call is under way from 100 ms to 200 ms.
    rig.clock.wake(199_000, () => {
      rig.ledger.power = new Power(1)
    })
    const { error } = await rig.run()
    expect(error?.message).toBe('')
    rig.ledger.power = new Power(Number.POSITIVE_INFINITY)
    await rig.resume(1_000)
    expect(peer.asked.map(each => each.n)).toEqual(['first', 'second', 'second'])
    expect(rig.column('out', 'said')).toEqual([['first', 'second']])
    expect(callsOf(rig).map(each => each.call)).toEqual([1, 2])
  })

  test('serves equal requests in the order in which they were asked', async () => {
    const peer = new Peer()
    peer.answer = (n, times) => (n === 'end' && times < 2 ? BUSY : { kind: 'answer', response: { said: times } })
    const rig = peer.on(
      pipeline(1),
      peer.transform(() => ['same', 'same', 'end']),
    )
    await rig.run()
    expect(peer.asked.map(each => each.n)).toEqual(['same', 'same', 'end', 'end'])
    expect(rig.column('out', 'said')).toEqual([[1, 2, 2]])
  })
})

describe('errors', () => {
  test('come back to the visit, which is attempted again and fails in the end', async () => {
    const peer = new Peer()
    peer.answer = () => BUSY
    const rig = peer.on(pipeline(1))
    await rig.run()
    expect(rig.endings()).toEqual({ 1: 'FAILED/retries_exhausted@ask' })
    expect(peer.asked.map(each => each.at_ms)).toEqual([0, 1_100, 3_200])
  })

  test('say how long to wait at least', async () => {
    const peer = new Peer()
    peer.answer = (n, times) =>
      times === 1 ? { ...BUSY, retry_after_ms: 7_000 } : { kind: 'answer', response: { said: n } }
    const rig = peer.on(pipeline(1))
    await rig.run()
    expect(peer.asked.map(each => each.at_ms)).toEqual([0, 7_100])
  })

  test('of being throttled use up no attempt, and are waited for', async () => {
    const peer = new Peer()
    peer.answer = (n, times) =>
      times < 5 ? { ...BUSY, throttled: true, retry_after_ms: 20_000 } : { kind: 'answer', response: { said: n } }
    const rig = peer.on(pipeline(3, 'retry: { attempts: 1 }').replace('retry: { attempts: 3, backoff: 1s }', ''))
    await rig.run()
    expect(rig.column('out', 'n')).toEqual([1, 2, 3])
    expect(rig.facts<VisitFact>('visits').filter(each => each.node === 2 && each.status !== 0)).toEqual([])
    expect(callsOf(rig).filter(each => each.status === 2)).toHaveLength(12)
    for (const n of [1, 2, 3]) {
      const times = peer.asked.filter(each => each.n === n).map(each => each.at_ms)
      for (let i = 1; i < times.length; i++) expect(times[i]! - times[i - 1]!).toBeGreaterThanOrEqual(20_000)
    }
  })

  test('of being throttled again and again are errors of the attempt in the end', async () => {
    const peer = new Peer()
    peer.answer = () => ({ ...BUSY, throttled: true })
    const rig = peer.on(pipeline(1))
    const { summary } = await rig.run()
    expect(rig.endings()).toEqual({ 1: 'FAILED/retries_exhausted@ask' })
    expect(callsOf(rig).map(each => each.status)).toEqual([1, 2, 3].flatMap(() => [2, 2, 2, 2, 2, 1]))
    expect(summary.calls).toMatchObject({ made: 18, failed: 3, throttled: 15 })
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['no JSON', { kind: 'answer', response: { said: () => 1 } }],
    ['no message', { kind: 'failure', code: 'BUSY', retryable: true }],
  ])('of a plugin that says %s of a call are defects, and on record', async (_, answer) => {
    const peer = new Peer()
    peer.answer = () => answer as CallAnswer
    const rig = peer.on(pipeline(1))
    const { error, summary } = await rig.run()
    expect(error).toMatchObject({ code: 'CUSTODY_PLUGIN_DEFECT', where: { node: 'ask' } })
    expect(summary).toMatchObject({ status: 'failed', calls: { made: 1, failed: 1, cost_usd: 0 } })
  })

  test.each([Number.NaN, -1, 1e99, '5' as unknown as number])(
    'that ask to wait for %j ask for no time',
    async retry_after_ms => {
      const peer = new Peer()
      peer.answer = (n, times) =>
        times === 1 ? { ...BUSY, retry_after_ms } : { kind: 'answer', response: { said: n } }
      const rig = peer.on(pipeline(1))
      await rig.run()
      expect(peer.asked.map(each => each.at_ms)).toEqual([0, 1_100])
    },
  )

  test('of a plugin that can’t say what a call costs are defects', async () => {
    const peer = new Peer()
    peer.at_most_usd = Number.NaN
    expect((await peer.on(pipeline(1)).run()).error).toMatchObject({ code: 'CUSTODY_PLUGIN_DEFECT' })
    expect(peer.asked).toEqual([])
  })

  test('pause a service that refuses all for as long as it asks, however often one call was refused', async () => {
    const peer = new Peer()
    peer.latency_ms = 1
    const refusals = 60
    peer.answer = n =>
      peer.asked.length <= refusals
        ? { ...BUSY, throttled: true, retry_after_ms: 1_000 }
        : { kind: 'answer', response: { said: n } }
    const rig = peer.on(pipeline(40))
    await rig.run()
    expect(rig.column('out', 'n')).toHaveLength(40)
    const between_ms = peer.asked.slice(1, refusals + 1).map((each, i) => each.at_ms - peer.asked[i]!.at_ms)
    expect(Math.max(...between_ms)).toBeLessThanOrEqual(1_100)
  })

  test('of a plugin that throws, or asks a service that it doesn’t declare, are defects', async () => {
    const peer = new Peer()
    const thrown = peer.on(
      pipeline(1),
      transformOf(
        'ask_peer',
        (_, { call }) => call('peer', { request: 1 }, () => Promise.reject(new Error('oh'))) as never,
        {
          services: () => ['peer'],
        },
      ),
    )
    expect((await thrown.run()).error).toMatchObject({ code: 'CUSTODY_PLUGIN_DEFECT', message: /oh/ })
    const undeclared = peer.on(
      pipeline(1),
      transformOf('ask_peer', (_, { call }) => call('other', { request: 1 }, () => peer.perform(1)) as never),
    )
    expect((await undeclared.run()).error).toMatchObject({ code: 'CUSTODY_PLUGIN_DEFECT' })
    expect(peer.asked).toEqual([])
  })
})

describe('an aggregate', () => {
  const spec = (peer: Peer) => ({
    ...aggregateOf('ask_all', async (rows, context) => {
      const said = await peer.ask(
        rows.map(row => row.n!),
        context,
      )
      if (typeof said === 'object' && said !== null && 'kind' in said) return said as never
      return { kind: 'rows', rows: [{ said: said as Json }] }
    }),
    services: () => ['peer'],
  })
  const text = pipeline(4).replace('{ transform: ask_peer,', '{ aggregate: ask_all, trigger: { count: 2 },')

  test('calls for the batch', async () => {
    const peer = new Peer()
    peer.rig = new Rig(text, [spec(peer)])
    await peer.rig.run()
    expect(peer.rig.column('out', 'said')).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect(callsOf(peer.rig).map(each => [each.call, each.token, each.attempt])).toEqual([
      [1, 0, 1],
      [2, 0, 1],
    ])
  })

  test('isn’t answered twice across a crash', async () => {
    const peer = new Peer()
    peer.rig = new Rig(text, [
      {
        ...aggregateOf('ask_all', async (rows, context) => {
          const first = await peer.ask(
            rows.map(row => row.n!),
            context,
          )
          await peer.ask('then', context)
          return { kind: 'rows', rows: [{ said: first as Json }] }
        }),
        services: () => ['peer'],
      },
    ])
    peer.rig.clock.wake(199_000, () => {
      peer.rig.ledger.power = new Power(1)
    })
    await peer.rig.run()
    peer.rig.ledger.power = new Power(Number.POSITIVE_INFINITY)
    await peer.rig.resume(1_000)
    expect(peer.rig.column('out', 'said')).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect(peer.asked.filter(each => JSON.stringify(each.n) === '[1,2]')).toHaveLength(1)
  })
})

describe('limits that are kept with other runs', () => {
  /** One place for all, and nobody else who wants it. */
  const onePlace = () => {
    const in_flight: string[] = []
    return {
      in_flight,
      begin: (service: string) => {
        if (in_flight.length > 0) return 50_000
        in_flight.push(service)
        return 0
      },
      end: (service: string) => {
        in_flight.splice(in_flight.indexOf(service), 1)
      },
      close: () => undefined,
    }
  }

  test('are waited for, and given back', async () => {
    const peer = new Peer()
    const rig = peer.on(pipeline(3))
    const shared = onePlace()
    await rig.run({ shared })
    expect(peer.asked).toHaveLength(3)
    expect(peer.most_at_once).toBe(1)
    expect(shared.in_flight).toEqual([])
  })

  test('that can’t be known stop the run', async () => {
    const peer = new Peer()
    const rig = peer.on(pipeline(3))
    const broken = new CustodyError('CUSTODY_LIMITER', 'no luck')
    const begin = () => {
      throw broken
    }
    const shared = { ...onePlace(), begin }
    expect((await rig.run({ shared })).error).toBe(broken)
    expect(peer.asked).toEqual([])
    await rig.resume(1_000)
    expect(rig.column('out', 'n')).toEqual([1, 2, 3])
  })

  test('that can’t be known any more stop the run, with the answers that are there on record', async () => {
    const peer = new Peer()
    const rig = peer.on(pipeline(2))
    const one = onePlace()
    const begin = (service: string) => {
      if (peer.asked.length > 0 && one.in_flight.length === 0) throw new CustodyError('CUSTODY_LIMITER', 'no luck')
      return one.begin(service)
    }
    expect((await rig.run({ shared: { ...one, begin } })).error).toMatchObject({ code: 'CUSTODY_LIMITER' })
    expect(peer.asked.map(each => each.n)).toEqual([1])
    await rig.resume(1_000)
    expect(peer.asked.map(each => each.n)).toEqual([1, 2])
  })
})
