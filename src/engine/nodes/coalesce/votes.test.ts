/** Three that decide, and what becomes of those that they can't decide about: `decide: complete` and `on_error` of a coalesce. */
import { describe, expect, test } from 'vitest'
import { Rig, transformOf } from '../../../../test/support/rig.ts'
import { derive, type Row } from '../../../model/row.ts'

/** Of each row a model takes as many ms as `a`, `b` and `c` say, and answers nothing where that is null. */
const text = (coalesce: string, rows: readonly object[]) => `
name: votes
defaults: { on_error: problems }
sources:
  rows: { plugin: feed, options: { chunks: [{ rows: ${JSON.stringify(rows)} }] }, on_invalid: discard, to: vote }
nodes:
  vote: { fork: { a: ask_a, b: ask_b, c: ask_c } }
  ask_a: { transform: model_a, on_error: problems, to: joined }
  ask_b: { transform: model_b, on_error: problems, to: joined }
  ask_c: { transform: model_c, on_error: problems, to: joined }
  joined: { coalesce: [a, b, c], ${coalesce}, to: out }
sinks:
  out: { plugin: keep, on_error: discard }
  problems: { plugin: keep, on_error: discard }
`

function rigOf(pipeline: string): Rig {
  const models = ['a', 'b', 'c'].map(name =>
    transformOf(`model_${name}`, row => {
      const ms = row[name]
      if (ms === null) return { kind: 'filtered' }
      const answer = { kind: 'row', row: derive(row, { [`of_${name}`]: 1 }) } as const
      return ms === 0 ? answer : rig.clock.sleep(Number(ms) * 1000).then(() => answer)
    }),
  )
  const rig: Rig = new Rig(pipeline, models)
  return rig
}

const COMPLETE = 'policy: quorum, quorum: 2, decide: complete, timeout: 1h'
const causes = (rig: Rig) => Object.values(rig.endings()).filter(each => /@(joined|out)$/.test(each))
const errorsOf = (rows: readonly Row[] | undefined) =>
  rows?.map(({ id, _error }) => {
    const { code, node, branch } = _error as Row
    return [id, code, node, branch]
  })

describe('three votes, two needed', () => {
  test('all that come are merged, whoever comes first, and nobody is late', async () => {
    for (const [a, b, c] of [
      [1, 2, 900],
      [900, 1, 2],
      [2, 900, 1],
    ]) {
      const rig = rigOf(text(COMPLETE, [{ id: 1, a, b, c }]))
      await rig.run()
      expect(rig.disk.get('out')).toMatchObject([{ id: 1, of_a: 1, of_b: 1, of_c: 1 }])
      expect(causes(rig)).not.toContain('FAILED/late_arrival@joined')
    }
  })

  test('two are enough, and one is not: its row is written with what was wrong', async () => {
    const rig = rigOf(
      text(COMPLETE, [
        { id: 1, a: 5, b: null, c: 9 },
        { id: 2, a: null, b: null, c: 3 },
      ]),
    )
    const { summary } = await rig.run()
    expect(rig.disk.get('out')?.map(({ id }) => id)).toEqual([1])
    expect(errorsOf(rig.disk.get('problems'))).toEqual([[2, 'QUORUM_NOT_MET', 'joined', 'c']])
    expect(summary.causes.quorum_not_met).toBe(1)
    expect(summary.sinks.problems?.rows).toBe(1)
  })

  test('the outer group hears at once that the quorum has become impossible', async () => {
    const nested = text(COMPLETE, [{ id: 1, a: null, b: null, c: 3_000_000 }])
      .replace('to: vote }', 'to: outer }')
      .replace(
        'nodes:',
        'nodes:\n  outer: { fork: { plain: both, tried: vote } }\n  both: { coalesce: [plain, tried], policy: best_effort, timeout: 2h, merge: nested, to: out }',
      )
      .replace('to: out }\nsinks', 'to: both }\nsinks')
    const rig = rigOf(nested)
    const began_us = rig.clock.now_us()
    let merged_us = 0
    await rig.run({
      onProgress: () => {
        if (merged_us === 0 && rig.verdicts().includes('merged')) merged_us = rig.clock.now_us()
      },
    })
    expect(rig.verdicts()).toContain('merged')
    expect(merged_us - began_us).toBeLessThan(60_000_000)
  })
})

describe('members of groups that failed are written where on_error of the coalesce leads', () => {
  const ALL = 'policy: require_all'
  const rows = [
    { id: 1, a: 5, b: null, c: 9 },
    { id: 2, a: 2, b: 4, c: 6 },
    { id: 3, a: null, b: 7, c: 1 },
  ]
  const expected = [
    [1, 'BRANCH_LOST', 'joined', 'a'],
    [1, 'BRANCH_LOST', 'joined', 'c'],
    [3, 'BRANCH_LOST', 'joined', 'b'],
    [3, 'BRANCH_LOST', 'joined', 'c'],
  ]

  test('in one order whatever takes how long, as they came to the coalesce', async () => {
    for (const factor of [0, 1, 50, -1]) {
      const timed = rows.map(({ id, ...ms }) => ({
        id,
        ...Object.fromEntries(
          Object.entries(ms).map(([name, n]) => [name, n === null ? null : factor < 0 ? 100 - 9 * n : n * factor]),
        ),
      }))
      const rig = rigOf(text(ALL, timed))
      await rig.run()
      expect(errorsOf(rig.disk.get('problems'))).toEqual(expected)
      expect(rig.disk.get('problems')?.map(({ of_a = 0, of_b = 0, of_c = 0 }) => [of_a, of_b, of_c])).toEqual([
        [1, 0, 0],
        [0, 0, 1],
        [0, 1, 0],
        [0, 0, 1],
      ])
    }
  })

  test('a process that goes on writes each once, in the same order', async () => {
    const later = (ms: number | null) => (ms === null ? null : 1000 * ms)
    const slow = rows.map(({ id, a, b, c }) => ({ id, a: later(a), b: later(b), c: later(c) }))
    for (const stop_after_ms of [1_500, 3_000, 5_500, 8_000]) {
      const rig = rigOf(text(ALL, slow))
      await rig.run({ stop_after_ms })
      await rig.resume(60_000)
      expect(errorsOf(rig.disk.get('problems')), `stopped after ${stop_after_ms} ms`).toEqual(expected)
      expect(causes(rig).filter(each => each.startsWith('FAILED/branch_lost'))).toHaveLength(4)
    }
  })

  test.each<[string, string, string]>([
    ['discard', 'discard', 'on_error: discard'],
    ['a sink of its own', 'own', 'on_error: out'],
  ])('%s beats the default', async (_name, _where, on_error) => {
    const rig = rigOf(text(`${ALL}, ${on_error}`, [{ id: 1, a: 5, b: null, c: 9 }]))
    await rig.run()
    expect(rig.disk.get('problems') ?? []).toEqual([])
    expect(rig.disk.get('out')?.length ?? 0).toBe(on_error.endsWith('out') ? 2 : 0)
    expect(causes(rig).filter(each => each.startsWith('FAILED/branch_lost'))).toHaveLength(2)
  })

  test('who comes late is written, too, in its own place', async () => {
    const rig = rigOf(text('policy: first', [{ id: 1, a: 1, b: 900, c: 500 }]))
    await rig.run()
    expect(errorsOf(rig.disk.get('problems'))).toEqual([
      [1, 'LATE_ARRIVAL', 'joined', 'b'],
      [1, 'LATE_ARRIVAL', 'joined', 'c'],
    ])
  })
})
