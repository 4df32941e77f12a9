/** Plugins that keep working when their visits are over: the node is named, the run stops because of it, and can be resumed. */
import { describe, expect, test } from 'vitest'
import { Rig, transformOf } from '../../../test/support/rig.ts'
import type { Strays } from './strays.ts'

const text = (then = 'out') => `
name: strays
sources:
  rows: { plugin: feed, options: { chunks: [{ rows: [{ n: 1 }, { n: 2 }, { n: 3 }] }] }, on_invalid: discard, to: work }
nodes:
  work: { transform: work, on_error: discard, to: ${then} }
sinks:
  out: { plugin: keep, on_error: discard }
`

/** A process of a test's own: knows within which node it is, and tells what the test lets happen. */
class Process implements Strays {
  node: string | null = null
  tell: (node: string | null, thrown: unknown) => void = () => undefined
  listening = 0

  within<T>(node: string, call: () => T): T {
    this.node = node
    try {
      return call()
    } finally {
      this.node = null
    }
  }

  listen(onStray: (node: string | null, thrown: unknown) => void): () => void {
    this.listening++
    this.tell = onStray
    return () => {
      this.listening--
    }
  }
}

describe('what a plugin does when nobody waits for it', () => {
  test.each<[string, number | null]>([
    ['while rows are under way', 2],
    ['when all rows are done, before anything is shown', 3],
  ])('stops the run with its name, and the run can be resumed: %s', async (_name, at) => {
    const strays = new Process()
    let wild = true
    const work = transformOf('work', row => {
      const { node } = strays
      // What happens later happens in nobody's visit.
      if (wild && row.n === at) queueMicrotask(() => strays.tell(node, new Error('late')))
      return { kind: 'row', row }
    })
    const rig = new Rig(text(), [work])
    const { error, summary } = await rig.run({ strays })
    expect(error).toMatchObject({ code: 'CUSTODY_PLUGIN_DEFECT', where: { node: 'work' } })
    expect(error?.message).toContain('threw Error: late when nobody waited for it')
    expect([summary.status, rig.ledger.sealed, strays.listening]).toEqual(['failed', false, 0])
    wild = false
    const resumed = await rig.resume(1_000, { strays: new Process() })
    expect(resumed.error).toBeNull()
    expect(rig.column('out', 'n')).toEqual([1, 2, 3])
  })

  test('whose it is nobody knows: the run stops all the same, and names nobody', async () => {
    const strays = new Process()
    const work = transformOf('work', row => {
      queueMicrotask(() => strays.tell(null, new TypeError('lost')))
      return { kind: 'row', row }
    })
    const { error } = await new Rig(text(), [work]).run({ strays })
    expect(error).toMatchObject({ code: 'CUSTODY_ENGINE_DEFECT', message: 'lost' })
  })
})

describe('a plugin that never answers', () => {
  const never = (rig: () => Rig, settles: () => boolean) =>
    transformOf('work', row =>
      row.n === 2 && !settles()
        ? new Promise(() => undefined)
        : rig()
            .clock.sleep(1_000)
            .then(() => ({ kind: 'row', row })),
    )

  test.each<[string, string, number]>([
    ['an hour, if nothing else is said', '', 3_600],
    ['as limits.visit says', 'limits: { visit: 90s }\n', 90],
  ])('stops the run with its name when its time is up: %s', async (_name, limits, seconds) => {
    let settles = false
    const rig: Rig = new Rig(text() + limits, [
      never(
        () => rig,
        () => settles,
      ),
    ])
    const began_us = rig.clock.now_us()
    const { error, summary } = await rig.run()
    expect(error).toMatchObject({ code: 'CUSTODY_PLUGIN_DEFECT', where: { node: 'work' } })
    expect(error?.message).toContain(`hasn’t answered for ${seconds} s`)
    expect(summary.status).toBe('failed')
    // It is looked at every few seconds.
    expect((rig.clock.now_us() - began_us) / 1_000_000 - seconds).toBeLessThan(10)
    settles = true
    expect((await rig.resume(1_000)).error).toBeNull()
    expect(rig.column('out', 'n')).toEqual([1, 2, 3])
  })

  test('one that takes nearly as long is waited for', async () => {
    const rig: Rig = new Rig(text(), [
      transformOf('work', row =>
        rig.clock.sleep(row.n === 1 ? 3_599_000_000 : 1_000).then(() => ({ kind: 'row', row })),
      ),
    ])
    expect((await rig.run()).error).toBeNull()
    expect(rig.column('out', 'n')).toEqual([1, 2, 3])
  })
})
