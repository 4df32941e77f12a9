/** What a pipeline with splits may have, and why it may not have the rest. */
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { compileText } from '../../test/support/compile-text.ts'
import { builtins } from '../plugins/index.ts'
import { Catalogue } from '../sdk/catalogue.ts'
import type { OutboundSinkSpec, PluginSpec, SinkSpec, SourceSpec } from '../sdk/spec.ts'

const never = () => {
  throw new Error('a stub plugin never runs')
}
const common = <N extends string>(name: N, errors = {}) => ({
  ...{ name, summary: `Stands in for ${name}`, determinism: 'deterministic' as const, errors },
  ...{ options: z.strictObject({}), examples: [{ title: 'Any', options: {} }], create: never },
})
const source = (name: string, how: Partial<SourceSpec>): PluginSpec => ({
  ...{ ...common(name), kind: 'source', textual: false, rereadable: () => true },
  ...how,
})
const sink = (name: string, errors: object): PluginSpec => ({ ...common(name, errors), kind: 'sink' }) as SinkSpec

const sender = (name: string, how: Partial<OutboundSinkSpec>): PluginSpec => ({
  ...{ ...common(name), kind: 'sink', delivery: 'outbound', services: () => [name], idempotent: () => true },
  ...how,
})

const CATALOGUE = new Catalogue([
  ...builtins,
  source('once', { rereadable: () => false }),
  source('forever', { endless: () => true }),
  source('asking', { services: () => ['desk.example'] }),
  sink('blind', { FULL: 'It is full.' }),
  sink('meek', {}),
  sender('orderly', { sequential: () => true }),
])

interface Parts {
  readonly splits: string
  readonly source: string
  readonly schema: string
  readonly node: string
  readonly sink: string
}

const SOUND: Parts = {
  splits: 'splits: { count: 4 }',
  source: 'plugin: csv, options: { path: in.csv }',
  schema: '{ mode: fixed, fields: { id: integer, note: string? } }',
  node: '{ transform: passthrough, to: out }',
  sink: 'plugin: jsonl, options: { path: out.jsonl }',
}

const pipeline = ({ splits, source, schema, node, sink }: Parts) => `name: parts
${splits}
defaults: { on_error: discard, on_invalid: discard }
sources:
  in: { ${source}, schema: ${schema}, to: step }
nodes:
  step: ${node}
sinks:
  out: { ${sink} }
`

/** `line:column message (hint)` of each error; each has the code CUSTODY_SPLITS. */
function refusals(parts: Partial<Parts>): readonly string[] {
  const { plan, diagnostics } = compileText(pipeline({ ...SOUND, ...parts }), { catalogue: CATALOGUE })
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  expect(errors.map(({ code }) => code)).toEqual(errors.map(() => 'CUSTODY_SPLITS'))
  expect(plan === null).toBe(errors.length > 0)
  return errors.map(({ line, column, message, hint }) => `${line}:${column} ${message} (${hint})`)
}

/** What follows are more of its options. */
const TABLE = 'plugin: sqlite, options: { path: out.db, table: rows, create: if_missing'
const OBSERVED = '{ mode: observed }'
const JOIN = `{ fork: { one: known.left, other: known.right } }
  known: { join: { left: id, right: id }, routes: { matched: out, left: discard, right: discard } }`
const CHAT =
  'options: { provider: compatible, base_url: "http://localhost:1/v1", model: m, max_output_tokens: 9, prompt: "{{ note }}" }, to: out }'

describe('a pipeline with splits', () => {
  test('has their number in its plan and in its hash', () => {
    const planOf = (splits: string) =>
      compileText(pipeline({ ...SOUND, splits }), { catalogue: CATALOGUE }).plan ?? never()
    const [one, four, none] = ['splits: { count: 1 }', SOUND.splits, ''].map(planOf)
    expect(four?.splits).toEqual({ count: 4 })
    expect(none?.splits).toBeNull()
    expect(new Set([one?.hash, four?.hash, none?.hash]).size).toBe(3)
  })

  test.each([
    ['its number alone', {}],
    [
      'an aggregate that says its scope',
      { node: '{ aggregate: batch_stats, scope: split, options: { value: id }, to: out }' },
    ],
    [
      'a trigger that counts time',
      { node: '{ aggregate: batch_stats, scope: split, trigger: { max_age: 1s }, options: { value: id }, to: out }' },
    ],
    ['a model', { node: `{ transform: llm, ${CHAT}` }],
    [
      'a web service',
      {
        node: '{ transform: http, options: { url: "https://a.example/{{ row.id }}", extract: { rate: /rate } }, to: out }',
      },
    ],
    ['columns from a schema', { sink: 'plugin: csv, options: { path: out.csv }' }],
    ['columns that are named', { schema: OBSERVED, sink: 'plugin: csv, options: { path: out.csv, columns: [id] }' }],
    [
      'columns that may come',
      { schema: OBSERVED, sink: 'plugin: csv, options: { path: out.csv, new_columns: union }' },
    ],
    ['a file that is appended to', { sink: 'plugin: jsonl, options: { path: out.jsonl, if_exists: append }' }],
    ['a file for each value', { sink: 'plugin: jsonl, options: { path: "out/{{ row.id }}.jsonl" }' }],
    ['an array', { sink: 'plugin: json, options: { path: out.json }' }],
    ['lines', { sink: 'plugin: text, options: { path: out.txt, field: id }' }],
    ['a workbook', { sink: 'plugin: excel, options: { path: out.xlsx }' }],
    [
      'Parquet',
      {
        source: 'plugin: parquet, options: { path: in.parquet }',
        sink: 'plugin: parquet, options: { path: out.parquet }',
      },
    ],
    ['a packed file', { source: 'plugin: csv, options: { path: in.csv.gz }' }],
    ['a table that is read', { source: 'plugin: sqlite, options: { path: in.db, table: rows }' }],
    ['a table that rows are added to', { sink: `${TABLE} }` }],
    [
      'rows in the place of others of their key',
      { splits: 'splits: { count: 4, by: id }', sink: `${TABLE}, mode: upsert, key: [note, id] }` },
    ],
    [
      'a key in a column of another name',
      {
        splits: 'splits: { count: 4, by: id }',
        sink: `${TABLE}, mode: insert, key: [number], columns: { id: number } }`,
      },
    ],
    ['rows that are sent', { sink: 'plugin: http, options: { url: "https://a.example/in" }' }],
    ['a sink that refuses nothing', { sink: 'plugin: meek, options: {}' }],
    ['a share of the rows', { node: '{ transform: sample, options: { share: 0.5 }, to: out }' }],
  ] as const)('may have %s', (_name, parts: Partial<Parts>) => {
    expect(refusals(parts)).toEqual([])
  })

  test.each([
    [
      'a sort',
      { node: '{ sort: [id], to: out }' },
      '7:11 sort `step` puts all rows in one order, and a split has some of them (run it without `splits`)',
    ],
    [
      'a join',
      { node: JOIN },
      '8:12 join `known` needs all rows of both sides, and a split has some of them (run it without `splits`)',
    ],
    [
      'an aggregate that says nothing',
      { node: '{ aggregate: batch_stats, options: { value: id }, to: out }' },
      '7:22 aggregate `step` would have other batches with another number of splits, and doesn’t say so (add `scope: split`: each split has batches of its own, which end with it)',
    ],
    [
      'rows in order',
      { node: '{ transform: limit, options: { rows: 5 }, to: out }' },
      '7:22 `step` counts the rows of the whole input, and a split has some of them (run it without `splits`)',
    ],
    [
      'standard input',
      { source: 'plugin: csv, options: { path: "-" }' },
      '5:17 source `in` can be read only once, and each split opens its input by itself (save the input to a file, and name that; or have its records dealt, with `by`)',
    ],
    [
      'an input that can be read once',
      { source: 'plugin: once, options: {}' },
      '5:17 source `in` can be read only once, and each split opens its input by itself (save the input to a file, and name that; or have its records dealt, with `by`)',
    ],
    [
      'an endless input',
      { source: 'plugin: forever, options: {}' },
      '5:17 source `in` may never end, and nothing is written before all splits have (run it without `splits`)',
    ],
    [
      'a source that asks',
      { source: 'plugin: asking, options: {}' },
      '5:17 source `in` calls desk.example, and what it answers can’t be cut (run it without `splits`)',
    ],
    [
      'standard output',
      { sink: 'plugin: jsonl, options: { path: "-" }' },
      '9:18 sink `out` writes to a stream, and splits write files that become one at the end (name a file)',
    ],
    [
      'unknown columns',
      { schema: OBSERVED, sink: 'plugin: csv, options: { path: out.csv }' },
      '9:18 what splits write for sink `out` can’t become one: its columns would be those of the first row, and each split has another (name them in `columns`, or declare all fields in the source’s schema (`mode: fixed`))',
    ],
    [
      'rows in the place of others',
      { sink: `${TABLE}, mode: upsert, key: [id] }` },
      '9:18 of rows with the same `id` the order decides which one sink `out` leaves, and they may be in several splits (deal records by one of them: `splits: { count: …, by: id }`; or run it without `splits`)',
    ],
    [
      'rows that are refused for others',
      { sink: `${TABLE}, mode: insert, key: [id, note] }` },
      '9:18 of rows with the same `id`, `note` the order decides which one sink `out` leaves, and they may be in several splits (deal records by one of them: `splits: { count: …, by: id }`; or run it without `splits`)',
    ],
    [
      'rows in the place of others of another key',
      { splits: 'splits: { count: 4, by: note }', sink: `${TABLE}, mode: upsert, key: [id] }` },
      '9:18 of rows with the same `id` the order decides which one sink `out` leaves, and records are dealt by `note` (deal them by one of these, or add `note` to the key)',
    ],
    [
      'a column that is called as the field, and has another one',
      {
        splits: 'splits: { count: 4, by: note }',
        sink: `${TABLE}, mode: upsert, key: [note], columns: { id: note } }`,
      },
      '9:18 of rows with the same `id` the order decides which one sink `out` leaves, and records are dealt by `note` (deal them by one of these, or add `note` to the key)',
    ],
    [
      'keys that are decimals',
      {
        splits: 'splits: { count: 4, by: id }',
        schema: '{ mode: fixed, fields: { id: decimal, note: string? } }',
        sink: `${TABLE}, mode: upsert, key: [id] }`,
      },
      '9:18 sink `out` tells decimals apart by their amounts, which splits do by their texts (declare the field as an integer or a string, or deal records by another one)',
    ],
    [
      'rows that are sent in order',
      { sink: 'plugin: orderly, options: {}' },
      '9:18 sink `out` sends all rows in one order, and a split has some of them (run it without `splits`)',
    ],
    [
      'a sink that says nothing before',
      { sink: 'plugin: blind, options: {}' },
      '9:18 sink `out` can’t say before it writes which rows it refuses, and is written to when all splits have ended (run it without `splits`)',
    ],
  ] as const)('may not have %s', (_name, parts: Partial<Parts>, expected) => {
    expect(refusals(parts)).toEqual([expected])
    expect(refusals({ ...parts, splits: '' })).toEqual([])
  })

  test.each([
    'plugin: csv, options: { path: in.csv.gz }',
    'plugin: json, options: { path: in.json }',
    'plugin: text, options: { path: in.txt, whole: true }',
    'plugin: parquet, options: { path: in.parquet.gz }',
    'plugin: sqlite, options: { path: in.db, query: SELECT * FROM rows }',
  ])('warns where nothing can be cut: %s', source => {
    const warned = (parts: Partial<Parts>) =>
      compileText(pipeline({ ...SOUND, schema: OBSERVED, ...parts }), { catalogue: CATALOGUE }).diagnostics.map(
        ({ code, severity, message, line, column }) => `${line}:${column} ${severity} ${code}: ${message}`,
      )
    const said = 'source `in` can’t be cut: one split reads all of it, and the others nothing'
    expect(warned({ source })).toEqual([`2:1 warning CUSTODY_SPLITS_IDLE: ${said}`])
    expect(warned({ source, splits: '' })).toEqual([])
    expect(warned({})).toEqual([])
    const list = { source: source.replace(/path: in\.([\w.]+)/, "path: 'in/*.$1'") }
    if (!source.includes('query')) expect(warned(list)).toEqual([])
    expect(warned({ source: 'plugin: sqlite, options: { path: in.db, table: rows, key: [id] }' })).toEqual([])
  })

  test('warns where guards are judged when rows have been sent, and not where files wait for them', () => {
    const splits = `${SOUND.splits}\nguards: { failed: 10% }`
    const warned = (sink: string) =>
      compileText(pipeline({ ...SOUND, splits, sink }), { catalogue: CATALOGUE }).diagnostics.map(({ code }) => code)
    expect(warned(`${TABLE} }`)).toEqual(['CUSTODY_GUARD_LATE'])
    expect(warned('plugin: jsonl, options: { path: out.jsonl, if_exists: append }')).toEqual([])
  })

  test('is refused whatever else is wrong, but for what follows from that', () => {
    const wrong = { node: '{ transform: passthruogh, to: out }', sink: 'plugin: csv, options: { path: out.csv }' }
    const { diagnostics } = compileText(pipeline({ ...SOUND, ...wrong, schema: OBSERVED }), { catalogue: CATALOGUE })
    expect(diagnostics.map(({ code }) => code)).toEqual(['CUSTODY_UNKNOWN_PLUGIN'])
  })
})

describe('a scope', () => {
  const node = '{ aggregate: batch_stats, scope: split, options: { value: id }, to: out }'

  test('needs splits', () => {
    expect(refusals({ splits: '', node })).toEqual([
      '7:35 aggregate `step` has a scope, and the pipeline has no splits (leave it out, or add `splits: { count: 16 }` to the pipeline)',
    ])
  })

  test('isn’t doubted where splits are misspelt, or wrong', () => {
    const codesOf = (splits: string) =>
      compileText(pipeline({ ...SOUND, splits, node }), { catalogue: CATALOGUE }).diagnostics.map(({ code }) => code)
    expect(codesOf('split: { count: 4 }')).toEqual(['CUSTODY_UNKNOWN_KEY'])
    expect(codesOf('splits: { count: 0 }')).toEqual(['CUSTODY_BAD_VALUE'])
    expect(codesOf('splits: { count: 100001 }')).toEqual(['CUSTODY_BAD_VALUE'])
    expect(codesOf('splits: { count: 4, bi: id }')).toEqual(['CUSTODY_UNKNOWN_KEY'])
  })

  test('is that of a key only where records are dealt', () => {
    const { diagnostics } = compileText(pipeline({ ...SOUND, node: node.replace('scope: split', 'scope: key') }), {
      catalogue: CATALOGUE,
    })
    expect(diagnostics.map(({ code }) => code)).toEqual(['CUSTODY_SPLITS'])
  })
})
