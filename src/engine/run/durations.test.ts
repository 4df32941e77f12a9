/** A visit ends when its plugin has answered, whatever the engine was busy with then. */
import { describe, expect, test, vi } from 'vitest'
import { aggregateOf, Rig, transformOf } from '../../../test/support/rig.ts'
import { VISIT_HELD, type VisitFact } from '../../format/entry.ts'

/** The first row is committed from 100 ms on, and that takes until 150 ms; the second one’s answer comes meanwhile. */
const ANSWER_MS = 110
const COMMIT_MS = 50

const chunks = `[{ rows: [{ n: 1, ms: 0 }, { n: 2, ms: ${ANSWER_MS} }] }]`

/** How long visits of a node took, in ms, in order of their ends. */
async function durations(rig: Rig, name: string): Promise<number[]> {
  const { ledger } = rig
  const commit = ledger.commit.bind(ledger)
  vi.spyOn(ledger, 'commit').mockImplementation(async () => {
    await rig.clock.sleep(COMMIT_MS * 1000)
    return commit()
  })
  const { error } = await rig.run()
  expect(error).toBeNull()
  const number = rig.plan().nodes.findIndex(node => node.name === name) + 1
  const visits = rig.facts<VisitFact>('visits').filter(({ node, status }) => node === number && status !== VISIT_HELD)
  return visits.map(({ duration_us }) => duration_us / 1000)
}

describe('a transform', () => {
  const text = (ask: string) => `
name: ask
sources:
  rows: { plugin: feed, options: { chunks: ${chunks} }, on_invalid: discard, to: ask }
nodes:
  ask: { ${ask}, on_error: problems, to: out }
sinks:
  out: { plugin: keep, on_error: discard }
  problems: { plugin: keep, on_error: discard }
`
  test.each([
    ['gives a row', 'transform: wait, options: { ms_of: ms }'],
    ['drops the row', 'transform: wait, options: { ms_of: ms, drop: true }'],
    ['fails', 'transform: wait, options: { ms_of: ms, fail: true }'],
  ])('that %s', async (_what, ask) => {
    expect(await durations(new Rig(text(ask)), 'ask')).toEqual([0, ANSWER_MS])
  })

  test('that gives several rows', async () => {
    const rig = new Rig(text('transform: twice'), [
      transformOf(
        'twice',
        async row => {
          await rig.clock.sleep(Number(row.ms) * 1000)
          return { kind: 'rows', rows: [row, row] }
        },
        { cardinality: 'many' },
      ),
    ])
    expect(await durations(rig, 'ask')).toEqual([0, ANSWER_MS])
  })

  test('that fails once', async () => {
    const rig = new Rig(text('transform: moody, retry: { attempts: 2, backoff: 1s }'), [
      transformOf('moody', async (row, { attempt }) => {
        if (attempt === 2) return { kind: 'row', row }
        await rig.clock.sleep(Number(row.ms) * 1000)
        return row.n === 1 ? { kind: 'row', row } : { kind: 'error', code: 'BUSY', message: 'busy', retryable: true }
      }),
    ])
    expect(await durations(rig, 'ask')).toEqual([0, ANSWER_MS, 0])
  })
})

describe('an aggregate', () => {
  const text = (output: string) => `
name: gathering
sources:
  rows: { plugin: feed, options: { chunks: [{ rows: [{ n: 1 }, { n: 2 }, { n: 3 }] }] }, on_invalid: discard, to: two }
nodes:
  two: { aggregate: slow, trigger: { count: 2 }, output: ${output}, on_error: discard, to: out }
sinks:
  out: { plugin: keep, on_error: discard }
`
  test.each(['transform', 'passthrough', 'failure'])('with the output %s', async how => {
    const rig = new Rig(text(how === 'failure' ? 'transform' : how), [
      aggregateOf('slow', async rows => {
        if (rows.length === 2) await rig.clock.sleep(ANSWER_MS * 1000)
        if (how === 'failure') return { kind: 'error', code: 'BAD', message: 'bad', retryable: false }
        return how === 'transform' ? { kind: 'rows', rows: [{ n: 0 }] } : { kind: 'members', rows }
      }),
    ])
    const [first, second] = await durations(rig, 'two')
    expect([first, second]).toEqual([ANSWER_MS, ANSWER_MS])
  })
})
