/** Random pipelines, run twice: the same differ in nothing, whatever the timing; changed ones differ where their stories do. */
// @module-tag proof
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test } from 'vitest'
import { openLedgerReader } from '../src/ledger/open.ts'
import type { LedgerReader } from '../src/ledger/read-port.ts'
import { canonicalize } from '../src/model/canonical.ts'
import type { Json } from '../src/model/row.ts'
import { diffRuns } from '../src/read/diff/diff.ts'
import type { Divergence, RunDiff } from '../src/read/diff/difference.ts'
import { explainRow } from '../src/read/explain/explain.ts'
import type { TokenStory } from '../src/read/explain/story.ts'
import { findRun } from '../src/read/runs/list.ts'
import { generateModel } from './simulation/generate.ts'
import type { Model, NodeModel } from './simulation/model.ts'
import { Random } from './simulation/random.ts'
import { erase } from './support/erasing.ts'
import { LONG } from './support/form.ts'
import { testPorts } from './support/ledger.ts'
import { RICH, runModel, type Stopped, simulatedRun } from './support/simulated-ledger.ts'

const SEEDS = Number(process.env.CUSTODY_SEEDS ?? (LONG ? 40 : 2))
const FIRST = Number(process.env.CUSTODY_SEED ?? 1)
const AGAIN = `repeat with: CUSTODY_SEED=${FIRST} CUSTODY_SEEDS=${SEEDS}`
const SHAPE = { later: true, groups: true, crashes: false, nested: true, max_nodes: 12, max_rows: 30 }

const folder = mkdtempSync(join(tmpdir(), 'custody-diff-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Shapes in which timing decides, because the first branch wins (I7). */
function isTimed({ nodes }: Model): boolean {
  return nodes.some(each => each.kind === 'coalesce' && (each.policy === 'first' || each.policy === 'quorum'))
}

const MODELS = Array.from({ length: SEEDS }, (_, i) => generateModel(new Random(FIRST + i), SHAPE))

async function inLedger<T>(
  name: string,
  work: (run: (model: Model, n: number, stopped?: Stopped) => Promise<string>) => Promise<void>,
  ask: (reader: LedgerReader) => Promise<T>,
): Promise<T> {
  const url = `sqlite:${join(folder, `${name}.db`)}`
  await work(async (model, n, stopped) => {
    await runModel(url, model, n, stopped ?? null)
    return simulatedRun(n)
  })
  return asking(url, ask)
}

async function asking<T>(url: string, ask: (reader: LedgerReader) => Promise<T>): Promise<T> {
  const reader = await openLedgerReader(url)
  try {
    return await ask(reader)
  } finally {
    await reader.close()
  }
}

const between = (reader: LedgerReader, a: number, b: number): Promise<RunDiff> =>
  diffRuns(reader, { old: simulatedRun(a), new: simulatedRun(b) }, { list: 1000 })

const NOTHING = { different: 0, unknown: 0, only_old: 0, only_new: 0 }

test('the same pipeline differs in nothing: at once, with other timing, and after a stop', async () => {
  const models = [RICH, ...MODELS.filter(each => !isTimed(each))]
  expect(models.length).toBeGreaterThan(1)
  const diffs = await inLedger(
    'same',
    async run => {
      for (const [i, model] of models.entries()) {
        await run(model, 3 * i + 1)
        await run(model, 3 * i + 2)
        await run(model, 3 * i + 3, { after_us: 20_000 + i * 7919, next: 'resume' })
      }
    },
    async reader => {
      const found: RunDiff[] = []
      for (const i of models.keys())
        for (const other of [1, 2, 3]) found.push(await between(reader, 3 * i + 1, 3 * i + other))
      return found
    },
  )
  for (const { rows, batches, groups } of diffs) {
    expect(groups, AGAIN).toEqual([])
    expect(rows, AGAIN).toMatchObject({ ...NOTHING, same: rows.compared })
    expect(batches, AGAIN).toMatchObject({ ...NOTHING, same: batches.compared, differences: [] })
  }
  expect(diffs.some(each => each.batches.compared > 3)).toBe(true)
})

test('changed pipelines differ where stories do; swapping the runs swaps the sides', async () => {
  const kinds = new Set<string>()
  const models = [RICH, ...MODELS]
  await inLedger(
    'changed',
    async run => {
      for (const [i, model] of models.entries()) {
        await run(model, 2 * i + 1)
        await run(changed(model, i === 0 ? 0 : new Random(FIRST + i).below(model.nodes.length)), 2 * i + 2)
      }
    },
    async reader => {
      for (const i of models.keys()) {
        const [a, b] = [2 * i + 1, 2 * i + 2]
        const diff = await between(reader, a, b)
        expect(mirrored(await between(reader, b, a)), AGAIN).toEqual(withoutExamples(diff))
        expect(
          diff.differences.map(each => each.row.old),
          `model ${i}; ${AGAIN}`,
        ).toEqual(await differing(reader, a, b, diff.rows.compared))
        expect(diff.groups.reduce((sum, each) => sum + each.rows, 0)).toBe(diff.rows.different)
        for (const { kind } of [...diff.groups, ...diff.batches.groups]) kinds.add(kind)
      }
    },
  )
  expect([...kinds]).toEqual(expect.arrayContaining(['rows', 'way', 'members']))
})

test('what differs on the way and not at the end is no difference', async () => {
  const model = (by: number): Model => {
    const step = { kind: 'step', later: false, attempts: 1, on_error: 'discard' } as const
    return {
      sources: [{ name: 'in', to: 'set', on_invalid: 'discard', values: [1, 2, 3] }],
      nodes: [
        { ...step, name: 'set', operation: { op: 'set', name: 'extra', by }, to: 'drop' },
        { ...step, name: 'drop', operation: { op: 'drop', name: by === 4 ? 'none' : 'extra' }, to: 'out' },
      ],
      sinks: [{ name: 'out', rejects: 0, on_error: 'discard' }],
    }
  }
  const [same, different] = await inLedger(
    'dropped',
    async run => {
      for (const [i, by] of [2, 3, 4].entries()) await run(model(by), i + 1)
    },
    async reader => [await between(reader, 1, 2), await between(reader, 1, 3)] as const,
  )
  expect(same.rows).toMatchObject({ ...NOTHING, same: 3 })
  // It began where the field was written, though only the last step let it through.
  expect(different.groups).toMatchObject([
    { node: 'set', kind: 'value', fields: ['extra'], rows: 3, examples: [1, 2, 3] },
  ])
  expect(different.differences[1]).toMatchObject({
    source: 'in',
    index: 2,
    changed: { extra: { old: 4, new: 8 } },
    differs: { path: false, outcome: false, output: true },
  })
})

test('of erased values nothing is known; what is known still counts', async () => {
  const url = `sqlite:${join(folder, 'erased.db')}`
  const other = changed(RICH, 0)
  for (const [i, model] of [RICH, RICH, other].entries()) await runModel(url, model, i + 1)
  const whole = await asking(url, async reader => [await between(reader, 1, 2), await between(reader, 1, 3)] as const)
  const db = new DatabaseSync(url.slice('sqlite:'.length))
  const found = db.prepare('SELECT seq FROM payloads JOIN entries USING (log, seq) WHERE log = 1 AND "row" <= 6')
  const seqs = found.all().map(({ seq }) => Number(seq))
  erase(
    db,
    testPorts().signer,
    1,
    seqs.toSorted((a, b) => a - b),
  )
  db.close()
  const [same, different] = await asking(
    url,
    async reader => [await between(reader, 1, 2), await between(reader, 1, 3)] as const,
  )
  expect(whole[0].rows).toMatchObject({ ...NOTHING, same: 25 })
  expect(same.rows).toMatchObject({ different: 0 })
  expect(same.rows.unknown).toBeGreaterThan(0)
  expect(same.rows.unknown + same.rows.same).toBe(25)
  // Paths and endings are evidence: they are there without the values.
  const paths = ({ differences }: RunDiff) =>
    differences.filter(each => each.differs.path || each.differs.outcome).map(each => each.row.old)
  expect(paths(different)).toEqual(paths(whole[1]))
  expect(paths(different).some(row => row <= 6)).toBe(true)
})

test('rows that only one run has are told apart', async () => {
  const model = (values: readonly (readonly number[])[]): Model => ({
    sources: values.map((each, i) => ({ name: `s${i}`, to: 'out', on_invalid: 'discard', values: each })),
    nodes: [],
    sinks: [{ name: 'out', rejects: 0, on_error: 'discard' }],
  })
  const diff = await inLedger(
    'only',
    async run => {
      await run(model([[1, 2, 3], [4], []]), 1)
      await run(model([[1], [4, 5], [6, 7]]), 2)
    },
    reader => between(reader, 1, 2),
  )
  // A simulated row holds its number in the run, which isn't the same for the second source.
  expect(diff.rows).toEqual({ compared: 2, same: 1, unknown: 0, different: 1, only_old: 2, only_new: 3 })
  expect(diff.differences).toMatchObject([{ row: { old: 4, new: 2 }, source: 's1', index: 1 }])
  expect(diff.only).toEqual([
    { in: 'old', source: 's0', index: { from: 2, to: 3 }, row: { from: 2, to: 3 } },
    { in: 'new', source: 's1', index: { from: 2, to: 2 }, row: { from: 3, to: 3 } },
    { in: 'new', source: 's2', index: { from: 1, to: 2 }, row: { from: 4, to: 5 } },
  ])
})

/** With nodes from a place on changed as a simulated pipeline can bear: thresholds, what a step adds, how often it fails. */
function changed(model: Model, at: number): Model {
  return { ...model, nodes: model.nodes.map((node, i) => (i >= at ? changedNode(node) : node)) }
}

function changedNode(node: NodeModel): NodeModel {
  if (node.kind === 'gate') return node.mod > 1 ? { ...node, mod: node.mod - 1 } : { ...node, broken: 4 }
  if (node.kind === 'aggregate') return node.count > 1 ? { ...node, count: node.count - 1 } : node
  if (node.kind !== 'step') return node
  const { operation } = node
  switch (operation.op) {
    case 'same':
      return { ...node, operation: { op: 'add', by: 1 } }
    case 'add':
    case 'set':
      return { ...node, operation: { ...operation, by: operation.by + 1 } }
    case 'expand':
      return { ...node, operation: { op: 'expand', size: operation.size + 1 } }
    case 'fail':
    case 'filter':
      return { ...node, operation: { ...operation, mod: operation.mod + 1 } }
    default:
      return node
  }
}

/** The other side first; examples are numbers of one side only. */
function mirrored(diff: RunDiff): unknown {
  const swap = <T>({ old: before, new: after }: { old: T; new: T }) => ({ old: after, new: before })
  const counts = <C extends { only_old: number; only_new: number }>(each: C) => ({
    ...each,
    only_old: each.only_new,
    only_new: each.only_old,
  })
  const parting = <P extends Divergence['parted_at']>(each: P) => ({ ...each, ...swap(each), to: swap(each.to) })
  const difference = <D extends Divergence>(each: D) => ({
    ...each,
    parted_at: parting(each.parted_at),
    changed: Object.fromEntries(
      Object.entries(each.changed).map(([field, sides]) => [
        field,
        { ...('new' in sides ? { old: sides.new } : {}), ...('old' in sides ? { new: sides.old } : {}) },
      ]),
    ),
    token: swap(each.token),
    outcome: swap(each.outcome),
    ...('row' in each ? { row: swap(each.row as { old: number; new: number }) } : {}),
    ...('batch' in each ? { batch: swap(each.batch as { old: number; new: number }) } : {}),
  })
  const { groups, differences, ...rest } = diff.batches
  return withoutExamples({
    ...diff,
    ...swap(diff),
    rows: counts(diff.rows),
    groups: diff.groups.map(parting),
    differences: diff.differences.map(difference),
    only: diff.only.map(each => ({ ...each, in: each.in === 'old' ? 'new' : 'old' })),
    batches: { ...counts(rest), groups: groups.map(parting), differences: differences.map(difference) },
  })
}

function withoutExamples(diff: RunDiff): unknown {
  const bare = (groups: readonly object[]) => groups.map(each => ({ ...each, examples: [] }))
  return JSON.parse(
    JSON.stringify({
      ...diff,
      groups: bare(diff.groups),
      batches: { ...diff.batches, groups: bare(diff.batches.groups) },
    }),
  ) as unknown
}

/** Rows whose stories, as `explain` shows them, differ in path, outcome or output. */
async function differing(reader: LedgerReader, a: number, b: number, rows: number): Promise<number[]> {
  const [old, other] = [await findRun(reader, simulatedRun(a)), await findRun(reader, simulatedRun(b))]
  const found: number[] = []
  for (let row = 1; row <= rows; row++) {
    const [before, after] = [await explainRow(reader, old.log, row), await explainRow(reader, other.log, row)]
    if (inShort(before.tokens) !== inShort(after.tokens)) found.push(row)
  }
  return found
}

/** Tokens in no order, each with its path, its ending, and what was written or went into a batch. */
function inShort(tokens: readonly TokenStory[]): string {
  const texts = tokens.map(token => {
    const last = token.visits.at(-1)
    const taken = last?.kind === 'sink' || token.ending?.outcome === 'CONSUMED_IN_BATCH'
    const written = taken && last?.status === 'ok' && last.data?.kind === 'known' ? last.data.value : null
    const path = token.visits
      .filter((visit, i) => token.visits[i + 1]?.node !== visit.node)
      .map(({ node, left, error }) => [node, left?.label ?? '', left?.to ?? '', error?.code ?? ''])
    const { outcome = '', cause = '', sink = '', error = null } = token.ending ?? {}
    const { branch, born_of } = token
    const born = born_of === null ? '' : `${born_of.node} ${born_of.kind}`
    return canonicalize([born, branch, path, outcome, cause, sink, error?.code ?? '', written] as Json)
  })
  return texts.sort().join('\n')
}
