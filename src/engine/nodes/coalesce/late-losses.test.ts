/** What becomes of groups that batches decide long after all else of their forks: in one place, whatever takes how long. */
import { describe, expect, test } from 'vitest'
import { aggregateOf, Rig, transformOf } from '../../../../test/support/rig.ts'
import { derive, type Row } from '../../../model/row.ts'

/** Rows 1 to 4. Batches of three and of four both leave out the third of their members, each after some ms. */
const text = (fork: string) => `
name: late-losses
defaults: { on_error: problems }
sources:
  rows: { plugin: feed, options: { chunks: [{ rows: [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }] }] }, on_invalid: discard, to: split }
nodes:
  split: { fork: { ${fork} } }
  three: { aggregate: without_third_a, output: passthrough, trigger: { count: 3 }, to: slow }
  four: { aggregate: without_third_b, output: passthrough, trigger: { count: 4 }, to: joined }
  slow: { transform: slow, to: joined }
  joined: { coalesce: [plain, by_three, by_four], policy: require_all, merge: nested, to: discard }
sinks:
  problems: { plugin: keep, on_error: discard }
`
const BRANCHES = ['plain: joined', 'by_three: three', 'by_four: four', 'straight: problems'] as const

interface Speeds {
  readonly two: number
  readonly three: number
  readonly four: number
  readonly slow: number
}

function rigOf(pipeline: string, ms: Omit<Speeds, 'two'>): Rig {
  const after = <T>(wait: number, answer: T) => (wait === 0 ? answer : rig.clock.sleep(wait * 1000).then(() => answer))
  const passing = (name: string, wait: number, without = -1) =>
    aggregateOf(name, rows =>
      after(wait, { kind: 'members', rows: rows.map((row, i) => (i === without ? null : row)) }),
    )
  const rig: Rig = new Rig(pipeline, [
    passing('without_third_a', ms.three, 2),
    passing('without_third_b', ms.four, 2),
    passing('as_they_are', ms.three),
    transformOf('slow', row => after(ms.slow, { kind: 'row', row: derive(row, { slow: true }) })),
  ])
  return rig
}

const described = (rows: readonly Row[] | undefined) =>
  rows?.map(({ id, _error }) => (_error === undefined ? `row ${id}` : `${id} ${(_error as Row).branch}`))

const SPEEDS: ReadonlyArray<Omit<Speeds, 'two'>> = [0, 5, 90].flatMap(three =>
  [0, 20, 700].flatMap(four => [0, 10, 2_000].map(slow => ({ three, four, slow }))),
)

// Row 3 loses `by_three` when row 3 closes the batch of three, before all of it is through; row 4 is in that batch at the end of input.
const EXPECTED = {
  'straight last': ['row 1', 'row 2', 'row 3', '3 plain', 'row 4'],
  'straight first': ['row 1', 'row 2', 'row 3', '3 plain', 'row 4'],
} as const

test.each<[keyof typeof EXPECTED, readonly string[]]>([
  ['straight last', BRANCHES],
  ['straight first', [BRANCHES[3], BRANCHES[0], BRANCHES[1], BRANCHES[2]]],
])('the loss that was the first in order decides, whichever was noticed first: %s', async (name, branches) => {
  for (const ms of SPEEDS) {
    const rig = rigOf(text(branches.join(', ')), ms)
    const { error } = await rig.run()
    expect([error, described(rig.disk.get('problems'))], JSON.stringify(ms)).toEqual([null, EXPECTED[name]])
  }
})

test('what only the later batch decides stands where that was closed', async () => {
  for (const ms of SPEEDS) {
    const rig = rigOf(text(BRANCHES.join(', ')).replace('without_third_a', 'as_they_are'), ms)
    const { error } = await rig.run()
    const expected = ['row 1', 'row 2', 'row 3', '3 plain', '3 by_three', 'row 4']
    expect([error, described(rig.disk.get('problems'))], JSON.stringify(ms)).toEqual([null, expected])
  }
})

test('a process that goes on has each written once, in the same order', async () => {
  for (const stop_after_ms of [1, 15, 60, 400, 1_500]) {
    const rig = rigOf(text(BRANCHES.join(', ')), { three: 90, four: 20, slow: 2_000 })
    const { summary } = await rig.run({ stop_after_ms })
    if (summary.tokens.open > 0) await rig.resume(1_000)
    expect(described(rig.disk.get('problems')), `stopped after ${stop_after_ms} ms`).toEqual(EXPECTED['straight last'])
  }
})

/** Rows 1 to 4. Of two tokens that carry `inside` one fails after some ms, and a batch of two leaves out the other. */
const inside = (policy: string) => `
name: late-losses-inside
defaults: { on_error: discard }
sources:
  rows: { plugin: feed, options: { chunks: [{ rows: [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }] }] }, on_invalid: discard, to: outer }
nodes:
  outer: { fork: { first: problems, inside: inner, plain: joined, last: problems } }
  inner: { fork: { walks: slow, waits: two } }
  slow: { transform: slow, to: met }
  two: { aggregate: none, output: passthrough, trigger: { count: 2 }, to: met }
  met: { coalesce: [walks, waits], policy: ${policy}, timeout: 1h, merge: nested, to: joined }
  joined: { coalesce: [inside, plain], policy: require_all, merge: nested, on_error: problems, to: discard }
sinks:
  problems: { plugin: keep, on_error: discard }
`

function rigInside(policy: string, ms: Pick<Speeds, 'two' | 'slow'>): Rig {
  const rig: Rig = new Rig(inside(policy), [
    aggregateOf('none', async rows => {
      await rig.clock.sleep(ms.two * 1000)
      return { kind: 'members', rows: rows.map(() => null) }
    }),
    transformOf('slow', async () => {
      await rig.clock.sleep(ms.slow * 1000)
      return { kind: 'error', code: 'BAD', message: 'no', retryable: false }
    }),
  ])
  return rig
}

/** Each odd row loses `waits` when the next one closes the batch. */
const OF_INSIDE = {
  require_all: [1, 2, 3, 4].flatMap(id => [`row ${id}`, `row ${id}`, `${id} plain`]),
  best_effort: [1, 3].flatMap(id => [
    ...[`row ${id}`, `row ${id}`],
    ...[`row ${id + 1}`, `${id} plain`, `row ${id + 1}`, `${id + 1} plain`],
  ]),
}
const INSIDE_SPEEDS = [0, 5, 90, 700].flatMap(two => [0, 10, 2_000].map(slow => ({ two, slow })))

describe.each(['require_all', 'best_effort'] as const)('a branch of a fork outside is lost: %s', policy => {
  test('where its group inside was decided, whichever loss was noticed first', async () => {
    for (const ms of INSIDE_SPEEDS) {
      const rig = rigInside(policy, ms)
      const { error } = await rig.run()
      expect([error, described(rig.disk.get('problems'))], JSON.stringify(ms)).toEqual([null, OF_INSIDE[policy]])
    }
  })

  test('in a process that resumes the run, too', async () => {
    for (const stop_after_ms of [1, 15, 60, 400, 1_500]) {
      const rig = rigInside(policy, { two: 5, slow: 2_000 })
      const { summary } = await rig.run({ stop_after_ms })
      if (summary.tokens.open > 0) await rig.resume(1_000)
      expect(described(rig.disk.get('problems')), `stopped after ${stop_after_ms} ms`).toEqual(OF_INSIDE[policy])
    }
  })
})
