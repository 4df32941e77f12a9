/** Coalesces on the clock. What they do without it is in decide/coalesce.test.ts and the simulation. */
import { describe, expect, test } from 'vitest'
import { Rig, transformOf } from '../../../../test/support/rig.ts'
import type { EndingFact, GroupClosed, VisitFact } from '../../../format/entry.ts'
import { fateOf } from '../../../model/outcome.ts'
import { derive } from '../../../model/row.ts'

/** One row, or several, into three branches that take as many ms as its fields a, b and c say. */
function pipeline(policy: string, rows: readonly object[] = [{}], merge = 'nested', joined = '[a, b, c]'): string {
  return `
name: groups
sources:
  rows: { plugin: feed, options: { chunks: [{ rows: ${JSON.stringify(rows)} }] }, on_invalid: discard, to: split }
nodes:
  split: { fork: { a: ask_a, b: ask_b, c: ask_c } }
  ask_a: { transform: wait, options: { ms_of: a, set: { from: a } }, on_error: discard, to: joined }
  ask_b: { transform: wait, options: { ms_of: b, set: { from: b } }, on_error: discard, to: joined }
  ask_c: { transform: wait, options: { ms_of: c, set: { from: c } }, on_error: discard, to: ${joined.includes('c') ? 'joined' : 'out'} }
  joined: { coalesce: ${joined}, ${policy}, merge: ${merge}, to: out }
sinks:
  out: { plugin: keep, on_error: discard }
`
}

/** How the branches' tokens ended (2, 3 and 4; 5 is what they merged into), and the verdicts. */
async function outcome(policy: string, row: object, merge?: string) {
  const rig = new Rig(pipeline(policy, [row], merge))
  const { error } = await rig.run()
  expect(error).toBeNull()
  const ends = Object.values(rig.endings()).slice(1)
  return [rig.verdicts(), ...ends.map(each => each.replace(/.*\//, '').replace(/@joined$/, ''))]
}

const ALL = 'policy: require_all, timeout: 10s'
const QUORUM = 'policy: quorum, quorum: 2, timeout: 10s'
const BEST = 'policy: best_effort, timeout: 10s'

describe('a timeout, from the first arrival', () => {
  test.each<[string, string, object, unknown[]]>([
    // Row fields are the ms that each branch takes.
    [
      'require_all: all in time',
      ALL,
      { a: 1, b: 9_000, c: 9_999 },
      [['merged'], 'merge', 'merge', 'merge', 'flow@out'],
    ],
    [
      'require_all: it counts from the first',
      ALL,
      { a: 5_000, b: 14_000, c: 14_999 },
      [['merged'], 'merge', 'merge', 'merge', 'flow@out'],
    ],
    ['require_all: one too late', ALL, { a: 1, b: 2, c: 10_002 }, [['timeout'], 'timeout', 'timeout', 'late_arrival']],
    [
      'require_all: two too late',
      ALL,
      { a: 1, b: 20_000, c: 30_000 },
      [['timeout'], 'timeout', 'late_arrival', 'late_arrival'],
    ],
    [
      'quorum: met in time',
      QUORUM,
      { a: 1, b: 10_000, c: 20_000 },
      [['merged'], 'merge', 'merge', 'late_arrival', 'flow@out'],
    ],
    [
      'quorum: not met in time',
      QUORUM,
      { a: 1, b: 10_002, c: 20_000 },
      [['timeout'], 'quorum_not_met', 'late_arrival', 'late_arrival'],
    ],
    ['best_effort: all in time', BEST, { a: 1, b: 2, c: 9_000 }, [['merged'], 'merge', 'merge', 'merge', 'flow@out']],
    [
      'best_effort: merges what came',
      BEST,
      { a: 1, b: 2, c: 20_000 },
      [['merged'], 'merge', 'merge', 'late_arrival', 'flow@out'],
    ],
    [
      'best_effort: even if that is one',
      BEST,
      { a: 20_000, b: 1, c: 20_000 },
      [['merged'], 'late_arrival', 'merge', 'late_arrival', 'flow@out'],
    ],
    [
      'first: the others are late',
      'policy: first',
      { a: 3, b: 1, c: 2 },
      [['merged'], 'late_arrival', 'merge', 'late_arrival', 'flow@out'],
    ],
  ])('%s', async (_name, policy, row, expected) => {
    expect(await outcome(policy, row)).toEqual(expected)
  })

  test('the branches that came are merged, in the order of the list', async () => {
    const rig = new Rig(pipeline(BEST, [{ a: 20_000, b: 5, c: 3 }]))
    await rig.run()
    expect(rig.disk.get('out')?.map(row => Object.keys(row))).toEqual([['b', 'c']])
  })

  test('select that is missing at the timeout fails the group; who comes later shares its cause', async () => {
    expect(await outcome(BEST, { a: 20_000, b: 5, c: 3 }, 'select, select: a')).toEqual([
      ['select_missing'],
      'select_missing',
      'select_missing',
      'select_missing',
    ])
  })

  test('is no matter any more when the group has its verdict', async () => {
    const rig = new Rig(pipeline(ALL, [{ a: 1, b: 2, c: 3 }]))
    const began_us = rig.clock.now_us()
    await rig.run()
    expect(rig.clock.now_us() - began_us).toBeLessThan(1_000_000)
  })

  test('what a group fails of is a loss, if it comes before the time', async () => {
    const text = pipeline(ALL, [{ a: 1, b: 5_000, c: 20_000 }]).replace('{ ms_of: b,', '{ ms_of: b, drop: true,')
    const rig = new Rig(text)
    await rig.run()
    expect(rig.verdicts()).toEqual(['branch_lost'])
    expect(rig.endings()).toMatchObject({
      2: 'FAILED/branch_lost@joined',
      3: 'DISCARDED/filter@ask_b',
      4: 'FAILED/branch_lost@joined',
    })
  })
})

describe('I2: a late arrival is a transition like any other', () => {
  test.each<[string, string, object]>([
    ['after a merge', 'policy: quorum, quorum: 2', { a: 1, b: 2, c: 60_000 }],
    ['after a merge by timeout', BEST, { a: 1, b: 2, c: 60_000 }],
    ['after a timeout', ALL, { a: 1, b: 2, c: 60_000 }],
    ['after a quorum’s timeout', QUORUM, { a: 1, b: 55_000, c: 60_000 }],
    ['in the commit of the verdict', 'policy: first', { a: 1, b: 1, c: 1 }],
  ])('%s: its failed visit, its ending and its error are in one entry', async (_name, policy, row) => {
    const rig = new Rig(pipeline(policy, [row]))
    await rig.run()
    const late = rig.ledger
      .subjects()
      .flatMap(draft =>
        draft.endings.filter(({ fate }) => fateOf(fate)?.cause === 'late_arrival').map(ending => ({ draft, ending })),
      )
    expect(late.map(({ ending }) => ending.token)).toContain(4)
    for (const { draft, ending } of late) {
      const visits = draft.visits.filter(({ token, node }) => token === ending.token && node === ending.node)
      expect(visits).toMatchObject([{ status: 1, edge: 0, out: 0, error: ending.error }])
      expect(ending).toMatchObject({ error: { code: 'LATE_ARRIVAL' }, sink: 0 })
      expect(ending.error?.value).toBeGreaterThanOrEqual(draft.first_value)
      expect(ending.error?.value).toBeLessThan(draft.first_value + draft.values.length)
    }
    const group = rig.facts<{ group: number; kind: number }>('groups_opened').find(({ kind }) => kind === 2)
    expect(new Set(late.map(({ ending }) => ending.group))).toEqual(new Set([group?.group]))
  })

  test('the group is recorded as closed once, with those that were there', async () => {
    const rig = new Rig(pipeline(ALL, [{ a: 1, b: 60_000, c: 90_000 }]))
    await rig.run()
    const closed = rig
      .facts<{ verdict: string; members: number[] }>('groups_closed')
      .filter(each => each.verdict !== 'forked')
    expect(closed).toMatchObject([{ verdict: 'timeout', members: [2] }])
  })
})

describe('while the run is down the clock of a group stands still', () => {
  const row = { a: 1, b: 20_000, c: 30_000 }

  test('a timeout continues from where it stood', async () => {
    const rig = new Rig(pipeline(ALL, [row]))
    await rig.run({ stop_after_ms: 4_000 })
    await rig.resume(3_600_000, { stop_after_ms: 5_800 })
    expect(rig.verdicts()).toEqual([])
    await rig.resume(3_600_000, { stop_after_ms: 300 })
    expect(rig.verdicts()).toEqual(['timeout'])
    // Branches b and c are asked again, and come too late.
    const { summary } = await rig.resume(3_600_000)
    expect(summary.tokens.open).toBe(0)
    expect(rig.endings()).toMatchObject({
      2: 'FAILED/timeout@joined',
      3: 'FAILED/late_arrival@joined',
      4: 'FAILED/late_arrival@joined',
    })
  })

  test.each([
    ['require_all', ALL, 'timeout', 'late_arrival'],
    ['quorum', QUORUM, 'timeout', 'late_arrival'],
    ['best_effort', BEST, 'merged', 'late_arrival'],
  ])(
    '%s: who comes after a stop to a group that timed out before it is late',
    async (_name, policy, verdict, cause) => {
      const rig = new Rig(pipeline(policy, [row]))
      await rig.run({ stop_after_ms: 11_000 })
      expect(rig.verdicts()).toEqual([verdict])
      const { summary } = await rig.resume(3_600_000)
      expect(summary.tokens.open).toBe(0)
      expect(rig.verdicts()).toEqual([verdict])
      expect(rig.endings()).toMatchObject({ 3: `FAILED/${cause}@joined`, 4: `FAILED/${cause}@joined` })
    },
  )

  test.each([
    ['not stopped', null],
    ['stopped after it was lost', 15_000],
  ])(
    'a quorum that timed out, and whose branches are lost then, has late arrivals: %s',
    async (_name, stop_after_ms) => {
      const text = pipeline('policy: quorum, quorum: 3, timeout: 10s', [{ a: 1, b: 12_000, c: 30_000 }])
      const rig = new Rig(text.replace('{ ms_of: b,', '{ ms_of: b, drop: true,'))
      await rig.run(stop_after_ms === null ? {} : { stop_after_ms })
      if (stop_after_ms !== null) await rig.resume(3_600_000)
      expect(rig.verdicts()).toEqual(['timeout'])
      expect(rig.endings()).toMatchObject({
        2: 'FAILED/quorum_not_met@joined',
        3: 'DISCARDED/filter@ask_b',
        4: 'FAILED/late_arrival@joined',
      })
    },
  )

  test('a group that failed by a loss before a stop shares its cause after it, in the same words', async () => {
    const text = pipeline(ALL, [row]).replace('{ ms_of: a,', '{ ms_of: a, drop: true,')
    const rig = new Rig(text)
    await rig.run({ stop_after_ms: 25_000 })
    expect(rig.endings()).toMatchObject({ 3: 'FAILED/branch_lost@joined' })
    await rig.resume(3_600_000)
    expect(rig.endings()).toMatchObject({ 3: 'FAILED/branch_lost@joined', 4: 'FAILED/branch_lost@joined' })
    const values = rig.ledger.subjects().flatMap(draft => draft.values.map(each => JSON.stringify(each)))
    expect(values.filter(each => each.includes('a branch that is required can’t arrive any more'))).toHaveLength(2)
  })

  test('a run that was stopped anywhere decides as one that was not', async () => {
    const rows = [
      { a: 1, b: 3_500, c: 3_000 },
      { a: 2_000, b: 1, c: 4_000 },
      { a: 1, b: 1, c: 1 },
    ]
    const undisturbed = new Rig(pipeline(ALL, rows))
    await undisturbed.run()
    for (const stop_after_ms of [1, 50, 1_500, 2_500, 3_500, 6_000]) {
      const rig = new Rig(pipeline(ALL, rows))
      await rig.run({ stop_after_ms })
      await rig.resume(1_000_000)
      expect(rig.disk.get('out'), `stopped after ${stop_after_ms} ms`).toEqual(undisturbed.disk.get('out'))
    }
  })
})

describe('held tokens', () => {
  test('are recorded as held until their group closes, and then once more', async () => {
    const rig = new Rig(pipeline(BEST, [{ a: 1, b: 2, c: 20_000 }]))
    await rig.run()
    const at_joined = rig.facts<VisitFact>('visits').filter(({ node }) => node === 6)
    expect(at_joined.map(({ token, status }) => [token, status])).toEqual([
      [2, 2],
      [3, 2],
      [2, 0],
      [3, 0],
      [4, 1],
    ])
    const recorded_again = at_joined.filter(({ token, status }) => token === 2 && status === 0)
    expect(recorded_again[0]?.duration_us).toBe(10_000_000)
  })

  test('do not keep rows behind them back', async () => {
    const rig = new Rig(
      pipeline(BEST, [
        { a: 1, b: 20_000, c: 20_000 },
        { a: 2, b: 2, c: 2 },
      ]),
    )
    const { summary } = await rig.run()
    expect(summary.status).toBe('completed_with_failures')
    // The first row still comes first: its other branches might have been in time.
    expect(rig.disk.get('out')?.map(row => Object.keys(row).length)).toEqual([1, 3])
  })

  test('end with the run that is abandoned', async () => {
    const rig = new Rig(pipeline(ALL, [{ a: 1, b: 20_000, c: 20_000 }]))
    await rig.run({ stop_after_ms: 1_000 })
    const { summary } = await rig.resume(1_000, { abandon: true })
    expect(summary).toMatchObject({ status: 'abandoned', tokens: { open: 0 } })
    expect(rig.facts<EndingFact>('endings').map(({ fate }) => fateOf(fate)?.cause)).toEqual([
      'fork',
      'abandoned',
      'abandoned',
      'abandoned',
    ])
    // So does their group, with who had come; what was held began when it came, and the run was down since.
    expect(rig.facts<GroupClosed>('groups_closed').slice(1)).toMatchObject([{ verdict: 'abandoned', members: [2] }])
    const [, held] = rig
      .facts<VisitFact>('visits')
      .filter(({ token }) => token === 2)
      .slice(-2)
    expect(held).toMatchObject({ status: 1, duration_us: 999_000, stood_us: 1_000_000 })
  })
})

describe('I7: a group inside another', () => {
  /** The inner group loses a branch that answers late; the branch after it has long been there by then. */
  const text = `
name: nested
sources:
  rows: { plugin: feed, options: { chunks: [{ rows: [{ n: 1 }] }] }, on_invalid: discard, to: outer }
nodes:
  outer: { fork: { kept: outer_join, tried: inner } }
  inner: { fork: { first: inner_join, grown: grow, last: inner_join } }
  grow: { transform: grow, on_error: inner_join, to: out }
  inner_join: { coalesce: [first, grown, last], policy: require_all, merge: nested, to: outer_join }
  outer_join: { coalesce: [kept, tried], policy: best_effort, timeout: 1h, merge: nested, to: out }
sinks:
  out: { plugin: keep, on_error: discard }
`
  const grow = (rig: () => Rig, ms: number) =>
    transformOf(
      'grow',
      row => {
        const result = { kind: 'rows', rows: [derive(row, { grown: true })] } as const
        return ms === 0
          ? result
          : rig()
              .clock.sleep(ms * 1000)
              .then(() => result)
      },
      { cardinality: 'many' },
    )

  test.each([0, 50])(
    'is lost to the outer one at once, and what that merges comes behind all of the branch: %i ms',
    async ms => {
      const rig: Rig = new Rig(text, [grow(() => rig, ms)])
      const { error } = await rig.run()
      expect(error).toBeNull()
      expect(rig.disk.get('out')?.map(row => ('grown' in row ? 'grown' : Object.keys(row).join()))).toEqual([
        'grown',
        'kept',
      ])
    },
  )
})

describe('I7: groups that one transition decides and others that it leaves waiting', () => {
  // Branch c is dropped at once: `early` merges by that, and `later` goes on waiting for b. Both stand where c was lost.
  const text = (ms: number) => `
name: together
sources:
  rows: { plugin: feed, options: { chunks: [{ rows: [{ n: 1 }] }] }, on_invalid: discard, to: split }
nodes:
  split: { fork: { a: early, b: ask, c: drop } }
  ask: { transform: wait, options: { ms: ${ms} }, on_error: out, to: later }
  drop: { transform: wait, options: { drop: true }, on_error: later, to: early }
  early: { coalesce: [a, c], policy: best_effort, timeout: 1h, merge: nested, to: out }
  later: { coalesce: [b, c], policy: best_effort, timeout: 1h, merge: nested, to: out }
sinks:
  out: { plugin: keep, on_error: discard }
`

  test.each([0, 50])('keep the order of the coalesces, whenever the answers come: %i ms', async ms => {
    const rig = new Rig(text(ms))
    const { error } = await rig.run()
    expect(error).toBeNull()
    expect(rig.disk.get('out')?.map(row => Object.keys(row).join())).toEqual(['a', 'b'])
  })
})

describe('I7: where a branch with forks inside is lost, whoever is lost first', () => {
  // `seen` stands between a carrier that is lost at last and one that was lost long before it.
  const OF_SEVERAL = `
  outer: { fork: { kept: joined, tried: inner } }
  inner: { fork: { slow: slow, seen: out, quick: quick } }
  both: { coalesce: [slow, quick], policy: require_all, merge: nested, to: joined }
  joined: { coalesce: [kept, tried], policy: best_effort, timeout: 1h, merge: nested, to: out }`
  const WITHOUT_ARRIVAL = `
  outer: { fork: { tried: slow, seen: out, kept: quick } }
  joined: { coalesce: [tried, kept], policy: best_effort, timeout: 1h, merge: nested, to: out }`
  // What the inner group merges into carries `tried` on, from where `quick` was lost; what it expands to is of the branch.
  const CARRIED_ON = `
  outer: { fork: { kept: joined, tried: inner } }
  inner: { fork: { slow: slow, quick: quick } }
  both: { coalesce: [slow, quick], policy: best_effort, timeout: 1h, merge: nested, to: grow }
  grow: { transform: grow, on_error: joined, to: out }
  joined: { coalesce: [kept, tried], policy: best_effort, timeout: 1h, merge: nested, to: out }`
  const grow = transformOf('grow', row => ({ kind: 'rows', rows: [derive(row, { n: 2 })] }), { cardinality: 'many' })
  const text = (nodes: string, to: string, slow: string) => `
name: carriers
sources:
  rows: { plugin: feed, options: { chunks: [{ rows: [{ n: 1 }] }] }, on_invalid: discard, to: outer }
nodes: ${nodes}
  slow: { transform: wait, options: { ${slow} }, on_error: out, to: ${to} }
  quick: { transform: wait, options: { ms: 1, drop: true }, on_error: discard, to: ${to} }
sinks:
  out: { plugin: keep, on_error: discard }
`

  test.each([
    ['one of several carriers', OF_SEVERAL, 'both', 'drop: true', ['n', 'kept']],
    ['a branch that nobody waits for yet', WITHOUT_ARRIVAL, 'joined', 'set: {}', ['n', 'tried']],
    ['one whose group merges', CARRIED_ON, 'both', 'set: {}', ['slow,n', 'kept']],
  ])('%s', async (_name, nodes, to, what, expected) => {
    for (const [ms, stop_after_ms] of [[0], [50], [50, 20]] as const) {
      const rig = new Rig(text(nodes, to, `ms: ${ms}, ${what}`), [grow])
      await rig.run(stop_after_ms === undefined ? {} : { stop_after_ms })
      if (stop_after_ms !== undefined) await rig.resume(1_000)
      const rows = rig.disk.get('out')?.map(row => Object.keys(row).join())
      expect(rows, `${ms} ms, stopped after ${stop_after_ms}`).toEqual(expected)
    }
  })
})

describe('a branch that can only come through a group that can’t merge any more is lost at that moment', () => {
  // `far` takes an hour, and `near` is gone at once; `other` has come. The outer group's time would be up after ten minutes.
  const text = (inner: string, outer: string, near = 'drop: true') => `
name: nested
sources:
  rows: { plugin: feed, options: { chunks: [{ rows: [{ n: 1 }] }] }, on_invalid: discard, to: outer }
nodes:
  outer: { fork: { other: both, tried: inner } }
  inner: { fork: { near: near, far: far, third: within } }
  near: { transform: wait, options: { ms: 5, ${near} }, on_error: discard, to: within }
  far: { transform: wait, options: { ms: 3600000 }, on_error: discard, to: within }
  within: { coalesce: [near, far, third], ${inner}, to: both }
  both: { coalesce: [other, tried], ${outer}, timeout: 10m, to: out }
sinks:
  out: { plugin: keep, on_error: discard }
`

  test.each<[string, string, string, string, string[]]>([
    ['required', 'policy: require_all', 'policy: best_effort, merge: nested', 'branch_lost', ['merged']],
    ['required, by both', 'policy: require_all', 'policy: require_all', 'branch_lost', ['branch_lost']],
    ['too few for a quorum', 'policy: quorum, quorum: 3', 'policy: best_effort', 'quorum_not_met', ['merged']],
    [
      'the selected one is lost',
      'policy: best_effort, timeout: 2h, merge: select, select: near',
      'policy: best_effort',
      'select_missing',
      ['merged'],
    ],
  ])('%s', async (_name, inner, outer, cause, verdicts) => {
    for (const stop_after_ms of [null, 60_000]) {
      const rig = new Rig(text(inner, outer))
      const began_us = rig.clock.now_us()
      await rig.run(stop_after_ms === null ? {} : { stop_after_ms })
      if (stop_after_ms !== null) await rig.resume(1_000)
      const outer_group = rig.facts<{ group: number; node: number }>('groups_opened').find(({ node }) => node === 7)
      const closing = rig.ledger
        .subjects()
        .find(({ groups_closed }) => groups_closed.some(({ group }) => group === outer_group?.group))
      expect(closing?.groups_closed.filter(({ group }) => group === outer_group?.group)).toMatchObject([
        { verdict: verdicts[0] },
      ])
      // At once: not after ten minutes, and not after an hour.
      expect((closing?.time_us ?? Number.POSITIVE_INFINITY) - began_us).toBeLessThan(1_000_000)
      // Tokens 5 and 6 are `far` and `third`: all that are left share the cause.
      expect(Object.values(rig.endings()).filter(each => each.includes('@within'))).toEqual(
        Array.from({ length: 2 }, () => `FAILED/${cause}@within`),
      )
    }
  })

  test('what comes late to a group that merged carries the branch no more', async () => {
    const first = text('policy: first', 'policy: best_effort, merge: nested')
    const rig = new Rig(
      first.replace(
        'to: both }\n  both',
        'to: gone }\n  gone: { transform: wait, options: { drop: true }, on_error: discard, to: both }\n  both',
      ),
    )
    const began_us = rig.clock.now_us()
    await rig.run({ stop_after_ms: 60_000 })
    expect(rig.verdicts()).toEqual(['merged', 'merged'])
    expect(rig.disk.get('out')?.map(row => Object.keys(row))).toEqual([['other']])
    expect(rig.clock.now_us() - began_us).toBeLessThan(120_000_000)
  })
})
