/** The outcome path map of docs/outcomes.md: a run of each way to each outcome, and the functions that were called in it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ENDINGS,
  functionsIn,
  makersByPath,
  OUTCOME_PATHS,
  pathTitle,
  RECORDER,
} from '../scripts/docs/outcome-paths.ts'
import { FATES } from '../src/model/outcome.ts'
import { rowError } from '../src/sdk/results.ts'
import { CalledFunctions } from './support/called-functions.ts'
import { sampled } from './support/form.ts'
import { Hook, LOST, NO, pipeline as sending } from './support/hook.ts'
import { askingPipeline, Peer } from './support/peer.ts'
import { aggregateOf, Rig, transformOf } from './support/rig.ts'
import { ROOT, SourceFile } from './support/source-file.ts'

const failing = (retryable: boolean) => transformOf('failing', () => ({ ...rowError('BAD', 'bad'), retryable }))
const splitting = transformOf('splitting', row => ({ kind: 'rows', rows: [row, row] }), { cardinality: 'many' })
const refusing = aggregateOf('refusing', () => rowError('BAD', 'bad'))
const sparing = aggregateOf('sparing', rows => ({ kind: 'members', rows: rows.map(() => null) }))

interface Flow {
  readonly rows?: readonly object[]
  readonly to?: string
  readonly nodes?: string
  readonly on_invalid?: string
  readonly plugins?: ConstructorParameters<typeof Rig>[1]
}

/** One row from `feed`, past `nodes`; there are sinks `out` and `problems`, as far as they are named. */
async function flow({
  rows = [{ n: 1 }],
  to = 'step',
  nodes = '',
  on_invalid = 'discard',
  plugins,
}: Flow): Promise<Rig> {
  const sinks = ['out', 'problems'].filter(each => new RegExp(`\\b${each}\\b`).test(`${nodes} ${on_invalid} ${to}`))
  const source = `{ plugin: feed, options: { chunks: [{ rows: ${JSON.stringify(rows)} }] }, on_invalid: ${on_invalid}, to: ${to} }`
  const text = `
name: ways
sources:
  rows: ${source}
${nodes === '' ? '' : `nodes:\n${nodes}`}
sinks:
${sinks.map(each => `  ${each}: { plugin: keep, on_error: discard }`).join('\n')}
retry: { attempts: 2, backoff: 1s }
`
  const rig = new Rig(text, plugins)
  await rig.run()
  return rig
}

/** A row in two branches, that take as many ms as its fields `a` and `b` say. A branch with `lost` ends its token. */
function merging(
  coalesce: string,
  { b = 2, lost = false, more = {} }: { b?: number; lost?: boolean; more?: object } = {},
) {
  return flow({
    rows: [{ a: 1, b, ...more }],
    to: 'split',
    nodes: `
  split: { fork: { left: ask_a, right: ask_b } }
  ask_a: { transform: wait, options: { ms_of: a, set: { from: left } }, on_error: discard, to: joined }
  ask_b: { transform: wait, options: { ms_of: b, set: { from: right }, drop: ${lost} }, on_error: discard, to: joined }
  joined: { coalesce: [left, right], ${coalesce}, to: out }`,
  })
}

async function sent(answer: typeof NO): Promise<Rig> {
  const hook = new Hook()
  hook.answer = () => answer
  const rig = hook.on(sending(1))
  await rig.run()
  return rig
}

/** A replay of a run that has nothing on record. */
async function missing(rig: Rig): Promise<Rig> {
  const recordings = { inPart: () => recordings, take: async () => null }
  const courses = {
    ...{ closes: {}, inPart: () => courses, indexAt: () => null },
    ...{ ofRow: async () => null, ofBatch: async () => null },
  }
  await rig.run({ on_record: { recordings, courses } })
  return rig
}

async function givenUp(rig: Rig, stop_after_ms: number): Promise<Rig> {
  await rig.run({ stop_after_ms })
  await rig.resume(1_000, { abandon: true })
  return rig
}

const INVALID = [{ n: 1, _error: 'taken' }]
const FAILING = (on_error: string) => `  step: { transform: failing, on_error: ${on_error}, to: out }`
const GATE = (to: string) => `  step: { gate: row.n == 1, routes: { true: ${to}, false: out }, on_error: problems }`

/** By title. */
const RUNS: { readonly [title: string]: () => Promise<Rig> } = {
  'COMPLETED / flow, a sink of files': () => flow({ to: 'out' }),
  'COMPLETED / flow, a sink that sends': () => sent({ kind: 'accepted', response: null }),
  'ROUTED / gate': () => flow({ nodes: GATE('problems') }),
  'ROUTED / error': () => flow({ nodes: FAILING('problems'), plugins: [failing(false)] }),
  'DISCARDED / gate': () => flow({ nodes: GATE('discard') }),
  'DISCARDED / filter, nothing came of it': () =>
    flow({ nodes: '  step: { transform: wait, options: { drop: true }, on_error: problems, to: out }' }),
  'DISCARDED / filter, to: discard': () =>
    flow({ nodes: '  step: { transform: wait, on_error: problems, to: discard }' }),
  'DISCARDED / filter, a member is left out': () =>
    flow({
      nodes: '  step: { aggregate: sparing, output: passthrough, trigger: { count: 1 }, on_error: problems, to: out }',
      plugins: [sparing],
    }),
  'QUARANTINED / source_invalid, on_invalid names a sink': () =>
    flow({ rows: INVALID, to: 'out', on_invalid: 'problems' }),
  'QUARANTINED / source_invalid, on_invalid: discard': () => flow({ rows: INVALID, to: 'out' }),
  'QUARANTINED / error': () => flow({ nodes: FAILING('discard'), plugins: [failing(false)] }),
  'FAILED / retries_exhausted, on_error names a sink': () =>
    flow({ nodes: FAILING('problems'), plugins: [failing(true)] }),
  'FAILED / retries_exhausted, on_error: discard': () => flow({ nodes: FAILING('discard'), plugins: [failing(true)] }),
  'FAILED / batch_failed': () =>
    flow({
      nodes: '  step: { aggregate: refusing, trigger: { count: 1 }, on_error: discard, to: out }',
      plugins: [refusing],
    }),
  'FAILED / sink_rejected, a sink of files': () => flow({ rows: [{ refused: true }], to: 'out' }),
  'FAILED / sink_rejected, a sink that sends, on_error another': () => sent(NO),
  'FAILED / late_arrival': () => merging('policy: first, merge: nested'),
  'FAILED / late_arrival, the coalesce has an on_error': () =>
    merging('policy: first, merge: nested, on_error: problems'),
  'FAILED / branch_lost': () => merging('policy: require_all, merge: nested', { lost: true }),
  'FAILED / quorum_not_met, it became impossible': () =>
    merging('policy: quorum, quorum: 2, merge: nested', { lost: true }),
  'FAILED / quorum_not_met, time was up': () =>
    merging('policy: quorum, quorum: 2, timeout: 1s, merge: nested', { b: 5_000 }),
  'FAILED / timeout': () => merging('policy: require_all, timeout: 1s, merge: nested', { b: 5_000 }),
  'FAILED / merge_conflict': () => merging('policy: require_all, merge: union, on_conflict: fail'),
  'FAILED / select_missing': () =>
    merging('policy: best_effort, timeout: 1s, merge: select, select: right', { b: 5_000 }),
  'FAILED / in_doubt, no answer came': () => sent(LOST),
  'FAILED / in_doubt, the run was given up before': () => {
    const hook = new Hook()
    hook.answer = () => ({ kind: 'in_doubt', message: 'lost' })
    hook.idempotent = true
    return givenUp(hook.on(sending(1)), 500)
  },
  'FAILED / replay_miss, a transform or a gate asks': () => missing(new Peer().on(askingPipeline(1))),
  'FAILED / replay_miss, a sink sends': () => missing(new Hook().on(sending(1))),
  'FAILED / abandoned': async () => {
    const text = await merging('policy: require_all, merge: nested', { b: 60_000 })
    return givenUp(new Rig(text.text), 1_000)
  },
  'FORKED / fork': () => merging('policy: require_all, merge: nested'),
  'EXPANDED / expand': () =>
    flow({ nodes: '  step: { transform: splitting, on_error: problems, to: out }', plugins: [splitting] }),
  'COALESCED / merge': () => merging('policy: require_all, merge: nested'),
  'CONSUMED_IN_BATCH / batch': () =>
    flow({ nodes: '  step: { aggregate: gather, trigger: { count: 1 }, on_error: problems, to: out }' }),
  'CONSUMED_IN_BATCH / join': () =>
    flow({
      nodes: `  step: { fork: { one: pair.left, other: pair.right } }
  pair: { join: { left: n, right: n }, routes: { matched: out, left: discard, right: discard }, on_error: discard }`,
    }),
}

const PATHS = FATES.flatMap(({ outcome, cause }) => {
  const name = `${outcome} / ${cause}` as keyof typeof OUTCOME_PATHS
  return OUTCOME_PATHS[name].map(path => ({ title: pathTitle(name, path), name, path }))
})
const makersOf = makersByPath()

const functions = new CalledFunctions()
beforeAll(() => functions.start())
afterAll(() => functions.stop())

test('every way has a run, and every run is of a way', () => {
  expect(Object.keys(RUNS)).toEqual(PATHS.map(({ title }) => title))
})

describe.each(sampled(PATHS, 3))('$title', ({ title, name, path }) => {
  const { file, decided_by, recorded_by } = path
  const decides = `src/engine/${file}`

  test('the functions are declared where the map says', () => {
    expect(existsSync(join(ROOT, decides))).toBe(true)
    expect(functionsIn(new SourceFile(decides))).toContain(decided_by)
    const recorder = functionsIn(new SourceFile(RECORDER))
    expect(recorded_by.filter(each => !recorder.has(each))).toEqual([])
    expect(makersOf(name, path)).not.toEqual([])
  })

  test('a run that ends so calls them', async () => {
    const { result: rig, called } = await functions.during(RUNS[title] as () => Promise<Rig>)
    expect(Object.values(rig.endings()).map(each => each.replace(/@.*/, ''))).toContain(name.replace(' / ', '/'))
    expect([...(called.get(decides) ?? [])]).toContain(decided_by)
    expect([...(called.get(RECORDER) ?? [])]).toEqual(expect.arrayContaining([...recorded_by]))
    const made = called.get(ENDINGS) ?? new Set()
    expect(makersOf(name, path).filter(each => made.has(each))).not.toEqual([])
  })
})
