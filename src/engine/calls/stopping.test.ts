/** What becomes of calls when a run stops: those under way are paid for. */
import { describe, expect, test } from 'vitest'
import { Peer, type PeerLimits, askingPipeline as pipeline } from '../../../test/support/peer.ts'
import { Rig, sourceOf, transformOf } from '../../../test/support/rig.ts'
import { VirtualClock } from '../../../test/support/virtual-clock.ts'
import type { CallFact } from '../../format/entry.ts'
import { CustodyError } from '../../model/error.ts'
import type { CallAnswer } from '../../sdk/call.ts'

const limits = (of: PeerLimits) => `limits: ${JSON.stringify(of)}`
const BUSY: CallAnswer = { kind: 'failure', code: 'BUSY', message: 'busy', retryable: true }

describe('when the run is to stop', () => {
  test('calls under way may come back, and nothing begins', async () => {
    const peer = new Peer()
    peer.latency_ms = 3_000
    const rig = peer.on(pipeline(10, limits({ services: { peer: { concurrency: 2 } } })))
    await rig.run({ stop_after_ms: 1_000 })
    expect(peer.asked).toHaveLength(2)
    await rig.resume(1_000)
    expect(peer.asked).toHaveLength(10)
    expect(rig.column('out', 'n')).toHaveLength(10)
  })

  test('no alarm outlives it, of backoffs or of leases', async () => {
    const peer = new Peer()
    peer.answer = () => BUSY
    const rig = peer.on(pipeline(2))
    await rig.run({ stop_after_ms: 500 })
    expect(rig.clock.advance()).toBe(false)
  })

  test('those that take too long are given up', async () => {
    const peer = new Peer()
    peer.latency_ms = 3_600_000
    const rig = peer.on(pipeline(1))
    const began_us = rig.clock.now_us()
    await rig.run({ stop_after_ms: 1_000 })
    expect((rig.clock.now_us() - began_us) / 1e6).toBeLessThan(12)
  })
})

describe('when the run stops by an error', () => {
  const text = pipeline(6, limits({ services: { peer: { concurrency: 2 } } }), 'odd').replace(
    'nodes:',
    `nodes:
  odd: { gate: 'row.n % 2 == 1', routes: { true: ask, false: boom }, on_error: discard }
  boom: { transform: boom, on_error: discard, to: out }`,
  )

  /** The peer takes `latency_ms`; a plugin beside it throws after 500 ms. */
  async function defective(latency_ms: number) {
    const peer = new Peer()
    peer.latency_ms = latency_ms
    let broken = true
    const boom = transformOf('boom', async row => {
      await peer.rig.clock.sleep(500_000)
      if (broken) throw new Error('boom')
      return { kind: 'row', row }
    })
    peer.rig = new Rig(text, [peer.transform(), boom])
    const { error } = await peer.rig.run()
    expect(error).toMatchObject({ code: 'CUSTODY_PLUGIN_DEFECT', where: { node: 'boom' } })
    broken = false
    return peer
  }

  test('a defect of a plugin, say, answers are waited for, and not bought again', async () => {
    const peer = await defective(3_000)
    expect(peer.asked.map(({ n }) => n)).toEqual([1, 3])
    expect(peer.rig.facts<CallFact>('calls')).toHaveLength(2)
    await peer.rig.resume(1_000)
    expect(peer.asked.map(({ n }) => n)).toEqual([1, 3, 5])
    expect(peer.rig.column('out', 'n')).toEqual([1, 2, 3, 4, 5, 6])
  })

  test('they aren’t waited for for ever', async () => {
    const peer = await defective(3_600_000)
    expect(peer.rig.facts<CallFact>('calls')).toEqual([])
    peer.latency_ms = 100
    await peer.rig.resume(1_000)
    expect(peer.asked.map(({ n }) => n)).toEqual([1, 3, 1, 3, 5])
  })

  test('a source that breaks off', async () => {
    const peer = new Peer()
    peer.latency_ms = 3_000
    let broken = true
    const brittle = sourceOf('feed_once', async function* (from) {
      if (from === null) yield [{ kind: 'row', line: 0, row: { n: 1 }, position: 1 }]
      await peer.rig.clock.sleep(500_000)
      if (broken) throw new CustodyError('CUSTODY_SOURCE', 'it broke')
    })
    peer.rig = new Rig(pipeline(1).replace(/plugin: feed\n.*\n/, 'plugin: feed_once\n'), [peer.transform(), brittle])
    expect((await peer.rig.run()).error).toMatchObject({ code: 'CUSTODY_SOURCE' })
    broken = false
    const { summary } = await peer.rig.resume(1_000)
    expect(summary.status).toBe('completed')
    expect(peer.asked).toHaveLength(1)
  })
})

/** Each look at it takes some time, as work does. */
class BusyClock extends VirtualClock {
  override now_us(): number {
    this.spend(20)
    return super.now_us()
  }
}

test('answers are heard and durable while there are rows to read, from the first on', async () => {
  const peer = new Peer()
  peer.latency_ms = 30
  const rows = JSON.stringify(Array.from({ length: 4_000 }, (_, i) => ({ n: i + 1 })))
  const text = pipeline(1, '', 'few')
    .replace(/rows: \[\{"n":1\}\]/, `rows: ${rows}`)
    .replace(
      'nodes:',
      `nodes:\n  few: { gate: 'row.n <= 8', routes: { true: ask, false: discard }, on_error: discard }`,
    )
  const rig = peer.on(text)
  rig.clock = new BusyClock()
  const began_us = rig.clock.now_us()
  const durable: number[] = []
  await rig.run({ onProgress: () => durable.push(rig.clock.now_us() - began_us) })
  const calls = rig.facts<CallFact>('calls')
  expect(calls).toHaveLength(8)
  // Without a pause between rows they would be heard when all had been read.
  for (const { duration_us } of calls) expect(duration_us).toBeLessThan(60_000)
  expect(durable[0]).toBeLessThan(100_000)
})
