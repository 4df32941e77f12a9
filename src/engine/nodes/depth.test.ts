/** Rows that become nested too deep: an error of the row, at the very level, in every way that a row can be made. */
import { expect, test } from 'vitest'
import { aggregateOf, Rig, transformOf } from '../../../test/support/rig.ts'
import { MAX_ROW_DEPTH } from '../../model/canonical.ts'
import type { Json, Row } from '../../model/row.ts'
import { rowError } from '../../sdk/results.ts'

/** A row that is nested so deep. */
const nested = (depth: number): Row => ({ x: lists(depth - 1) })
const lists = (depth: number): Json => (depth === 0 ? 1 : [lists(depth - 1)])
const depthOf = (row: Row): number => Number(row.n)

const PLUGINS = [
  transformOf('deep', row => ({ kind: 'row', row: nested(depthOf(row)) })),
  transformOf('parts', row => ({ kind: 'rows', rows: [nested(depthOf(row)), nested(2)] }), { cardinality: 'many' }),
  transformOf('refuse', row => rowError('BAD', 'no', { details: lists(depthOf(row)) })),
  aggregateOf('collect', rows => ({ kind: 'rows', rows: rows.map(row => nested(depthOf(row))) })),
  aggregateOf('keep_all', rows => ({ kind: 'members', rows: rows.map(row => nested(depthOf(row))) })),
  transformOf('circle', () => {
    const list: unknown[] = []
    list.push(list, list)
    return { kind: 'row', row: { list } as unknown as Row }
  }),
]

async function run(nodes: string, n: number) {
  const rig = new Rig(
    `
name: deep
sources:
  feed: { plugin: feed, options: { chunks: [{ rows: [{ n: ${n} }] }] }, on_invalid: problems, to: first }
nodes:
${nodes}
sinks:
  out: { plugin: keep, on_error: discard }
  problems: { plugin: keep, on_error: discard }
`,
    PLUGINS,
  )
  const { error, summary } = await rig.run()
  const codes = ((rig.disk.get('problems') ?? []) as Row[]).map(row => (row._error as { readonly code: string }).code)
  return { error, out: rig.disk.get('out')?.length ?? 0, codes, open: summary.tokens.open }
}

const MADE: readonly (readonly [how: string, nodes: string, level: number, out: number])[] = [
  ['by a transform', '  first: { transform: deep, on_error: problems, to: out }', MAX_ROW_DEPTH, 1],
  ['as one of several rows', '  first: { transform: parts, on_error: problems, to: out }', MAX_ROW_DEPTH, 2],
  ['of a batch', '  first: { aggregate: collect, on_error: problems, to: out }', MAX_ROW_DEPTH, 1],
  [
    'in a batch that goes on',
    '  first: { aggregate: keep_all, output: passthrough, on_error: problems, to: out }',
    MAX_ROW_DEPTH,
    1,
  ],
  [
    'by a merge that nests branches',
    `  first: { fork: { a: left, b: right } }
  left: { transform: deep, on_error: problems, to: both }
  right: { transform: deep, on_error: problems, to: both }
  both: { coalesce: [a, b], merge: nested, to: out }`,
    MAX_ROW_DEPTH - 1,
    1,
  ],
]

test.each(MADE)('%s', async (_, nodes, level, out) => {
  expect(await run(nodes, level)).toEqual({ error: null, out, codes: [], open: 0 })
  const deeper = await run(nodes, level + 1)
  // Members of a group that failed end with it.
  expect(deeper).toEqual({ error: null, out: 0, codes: nodes.includes('coalesce') ? [] : ['ROW_TOO_DEEP'], open: 0 })
})

test('details of an error that are nested too deep are left out, and the row keeps its error', async () => {
  for (const depth of [3, MAX_ROW_DEPTH, MAX_ROW_DEPTH + 1, 5_000]) {
    const nodes = '  first: { transform: refuse, on_error: problems, to: out }'
    expect(await run(nodes, depth)).toEqual({ error: null, out: 0, codes: ['BAD'], open: 0 })
  }
})

test('a row that holds itself is a defect of its plugin', async () => {
  const { error } = await run('  first: { transform: circle, on_error: problems, to: out }', 1)
  expect(error).toMatchObject({ code: 'CUSTODY_PLUGIN_DEFECT', message: expect.stringContaining('holds itself') })
})
