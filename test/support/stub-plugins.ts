/**
 * Plugins with the options and contracts of built-ins, which never run: for tests of loading and planning.
 */
import { z } from 'zod'
import type { RowSchema } from '../../src/model/schema.ts'
import { builtins } from '../../src/plugins/index.ts'
import { Catalogue } from '../../src/sdk/catalogue.ts'
import type {
  AggregateSpec,
  FieldRequirement,
  GateSpec,
  PluginSpec,
  SinkSpec,
  SourceSpec,
  TransformSpec,
} from '../../src/sdk/spec.ts'

const never = () => {
  throw new Error('a stub plugin never runs')
}
const common = <N extends string>(name: N, options: object = {}) => ({
  name,
  summary: `Stands in for ${name}`,
  determinism: 'deterministic' as const,
  errors: {},
  examples: [{ title: 'Any', options: options as { [key: string]: never } }],
  create: never,
})

const csvSource: SourceSpec<{ path: string; delimiter: string; header: boolean }> = {
  ...common('csv', { path: 'a.csv' }),
  kind: 'source',
  options: z.strictObject({
    path: z.string().min(1),
    delimiter: z.string().default(','),
    header: z.boolean().default(true),
  }),
  textual: true,
  rereadable: () => true,
}
const jsonl: SourceSpec<{ path: string }> = {
  ...common('jsonl', { path: 'a.jsonl' }),
  kind: 'source',
  options: z.strictObject({ path: z.string() }),
  textual: false,
  rereadable: () => true,
}
const ticker: SourceSpec<{ every_ms: number }> = {
  ...common('ticker', { every_ms: 1 }),
  kind: 'source',
  options: z.strictObject({ every_ms: z.number().int().min(1) }),
  textual: false,
  rereadable: () => false,
  endless: () => true,
  yields: () => ({
    fields: new Map([['tick', { schema: { type: 'integer' }, optional: false }]]),
    closed: true,
    observed: false,
  }),
}

const passthrough: TransformSpec<object> = {
  ...common('passthrough'),
  kind: 'transform',
  options: z.strictObject({}),
  cardinality: 'one',
}

type Mapper = { rename: Record<string, string>; drop: string[] }
const fieldMapper: TransformSpec<Mapper> = {
  ...common('field_mapper', { rename: { a: 'b' } }),
  kind: 'transform',
  options: z.strictObject({
    rename: z.record(z.string(), z.string()).default({}),
    drop: z.array(z.string()).default([]),
  }),
  cardinality: 'one',
  requires: ({ rename, drop }) => [
    ...Object.keys(rename).map((field): FieldRequirement => ({ field, path: ['rename', field] })),
    ...drop.map((field, index): FieldRequirement => ({ field, optional: true, path: ['drop', index] })),
  ],
  guarantees: ({ rename, drop }, input) => {
    const fields = [...input.fields].filter(([name]) => !drop.includes(name))
    return { ...input, fields: new Map(fields.map(([name, field]) => [rename[name] ?? name, field])) }
  },
}
const keywordFilter: TransformSpec<{ fields: string[]; patterns: string[] }> = {
  ...common('keyword_filter', { fields: ['a'], patterns: ['x'] }),
  kind: 'transform',
  options: z.strictObject({ fields: z.array(z.string()).min(1), patterns: z.array(z.string()).min(1) }),
  cardinality: 'one',
  requires: ({ fields }) => fields.map((field, index) => ({ field, types: ['string'], path: ['fields', index] })),
  patterns: ({ patterns }) => patterns.map((source, index) => ({ source, path: ['patterns', index] })),
}
const compute: TransformSpec<{ set: Record<string, string> }> = {
  ...common('compute', { set: { a: '1' } }),
  kind: 'transform',
  options: z.strictObject({ set: z.record(z.string(), z.string()) }),
  cardinality: 'one',
  expressions: ({ set }) =>
    Object.entries(set).map(([field, source]) => ({ path: ['set', field], source, gives: 'any' })),
  guarantees: ({ set }, input, types): RowSchema => {
    const set_fields = Object.keys(set).map(
      name => [name, types.get(`set.${name}`) ?? { schema: {}, optional: true }] as const,
    )
    return { ...input, fields: new Map([...input.fields, ...set_fields]) }
  },
}
const filter: TransformSpec<{ keep: string }> = {
  ...common('filter', { keep: 'true' }),
  kind: 'transform',
  options: z.strictObject({ keep: z.string() }),
  cardinality: 'one',
  filters: true,
  expressions: ({ keep }) => [{ path: ['keep'], source: keep, gives: 'bool' }],
}
const explode: TransformSpec<{ field: string; as?: string | undefined }> = {
  ...common('explode', { field: 'items' }),
  kind: 'transform',
  options: z.strictObject({ field: z.string(), as: z.string().optional() }),
  cardinality: 'many',
  filters: true,
  requires: ({ field }) => [{ field, types: ['array'], path: ['field'] }],
}
/** Its options are of a lax type, which would drop unknown keys; one may be secret. */
const ask: TransformSpec<{ model: string; key: string; temperature: number }> = {
  ...common('ask', { model: 'm', key: 'k' }),
  kind: 'transform',
  options: z.object({ model: z.string(), key: z.string().min(3), temperature: z.number().min(0).max(2).default(0) }),
  cardinality: 'one',
  determinism: 'external',
  check: ({ model }) =>
    model === 'none' ? [{ path: ['model'], message: 'there is no model `none`', hint: 'try m' }] : [],
}

const nearestDesk: GateSpec<{ max_km: number }> = {
  ...common('nearest_desk', { max_km: 50 }),
  kind: 'gate',
  options: z.strictObject({ max_km: z.number().min(0) }),
}
const weekday: GateSpec<{ field: string }> = {
  ...common('weekday', { field: 'd' }),
  kind: 'gate',
  options: z.strictObject({ field: z.string() }),
  labels: () => ['work', 'weekend'],
}

const batchStats: AggregateSpec<{ value: string; group_by?: string | undefined }> = {
  ...common('batch_stats', { value: 'a' }),
  kind: 'aggregate',
  options: z.strictObject({ value: z.string(), group_by: z.string().optional() }),
  outputs: ['transform'],
  requires: ({ value }) => [{ field: value, types: ['number'], path: ['value'] }],
  guarantees: () => ({
    fields: new Map([
      ['count', { schema: { type: 'integer' }, optional: false }],
      ['mean', { schema: { type: 'number' }, optional: false }],
    ]),
    closed: true,
    observed: false,
  }),
}
const dedupe: AggregateSpec<{ key: string[] }> = {
  ...common('dedupe', { key: ['a'] }),
  kind: 'aggregate',
  options: z.strictObject({ key: z.array(z.string()).min(1) }),
  outputs: ['passthrough'],
}

const sink = (name: string): SinkSpec<{ path: string; if_exists: string }> => ({
  ...common(name, { path: 'o' }),
  kind: 'sink',
  options: z.strictObject({
    path: z.string().min(1),
    if_exists: z.enum(['fail', 'append', 'replace', 'number']).default('fail'),
  }),
})

export const STUBS: readonly PluginSpec[] = [
  csvSource,
  jsonl,
  ticker,
  passthrough,
  fieldMapper,
  keywordFilter,
  compute,
  filter,
  explode,
  ask,
  nearestDesk,
  weekday,
  batchStats,
  dedupe,
  sink('csv'),
  sink('jsonl'),
]

/** The built-ins, and stubs for what they don't have: other gates, an endless source, a plugin of outside calls. */
export function testCatalogue(): Catalogue {
  const real = new Catalogue(builtins)
  return real.with(STUBS.filter(stub => real.get(stub.kind, stub.name) === undefined))
}
