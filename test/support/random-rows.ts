/** Random schemas, and random rows that fit them. */
import fc from 'fast-check'
import { type Json, newRow, type Row } from '../../src/model/row.ts'
import type { FieldSchema, JsonSchema, RowSchema } from '../../src/model/schema.ts'
import { compileRowSchema } from '../../src/sdk/schema-check.ts'

// ── schemas ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const INTEGERS: readonly JsonSchema[] = [
  { type: 'integer' },
  { type: 'integer', minimum: 1 },
  { type: 'integer', minimum: -3, maximum: 3 },
  { type: 'integer', exclusiveMaximum: 0 },
  { type: ['integer', 'null'] },
  { enum: [0, 1, 4] },
  { const: 4 },
]
const NUMBERS: readonly JsonSchema[] = [
  { type: 'number' },
  { type: 'number', minimum: 0.5, maximum: 100 },
  { type: 'number', exclusiveMinimum: 0 },
  { type: ['null', 'number'], maximum: -1 },
  { enum: [0, 1, 2.5] },
]
const DECIMALS: readonly JsonSchema[] = [
  { type: 'string', format: 'decimal' },
  { type: 'string', format: 'decimal', scale: 2 },
  { type: ['string', 'null'], format: 'decimal', scale: 0 },
  { type: 'string', format: 'decimal', enum: ['0.00', '2.50'] },
]
const TEXTS: readonly JsonSchema[] = [
  { type: 'string' },
  { type: 'string', maxLength: 3 },
  { type: 'string', enum: ['a', 'b', ''] },
  { type: ['string', 'null'] },
  { oneOf: [{ type: 'string', maxLength: 2 }, { type: 'null' }] },
]
const MIXED: readonly JsonSchema[] = [
  { type: ['integer', 'string'] },
  { enum: ['a', null, 7] },
  { anyOf: [{ type: 'integer' }, { type: 'boolean' }] },
  { type: ['number', 'array'] },
  { type: 'null' },
  {},
]
const LISTS: readonly JsonSchema[] = [
  { type: 'array' },
  { type: 'array', items: { type: 'string' } },
  { type: 'array', items: { type: 'string', maxLength: 4 }, minItems: 1, maxItems: 3 },
  { type: 'array', items: { type: 'integer', minimum: -2 }, maxItems: 2 },
  { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 9 },
  { type: 'array', prefixItems: [{ type: 'string' }], items: { type: 'integer' } },
  { type: 'array', items: { type: ['integer', 'null'] }, maxItems: 5 },
  { type: ['array', 'null'], items: { type: 'boolean' }, maxItems: 5 },
  { type: 'array', items: { type: 'string', format: 'decimal', scale: 2 }, maxItems: 5 },
]
const PART: JsonSchema = {
  u: { type: 'integer' },
  v: { type: 'string' },
  w: { type: ['number', 'null'] },
  d: { type: 'string', format: 'decimal' },
}
const OBJECTS: readonly JsonSchema[] = [
  { type: 'object' },
  { type: 'object', properties: PART, required: ['u', 'v', 'w'], additionalProperties: false },
  { type: 'object', properties: PART, required: ['u'] },
  { type: 'object', properties: { u: { type: 'integer', minimum: 1 } }, additionalProperties: { type: 'string' } },
  { type: ['object', 'null'], properties: PART, required: ['v'] },
  {
    anyOf: [
      { type: 'object', properties: { u: { type: 'integer' } }, required: ['u'] },
      { type: 'object', properties: { u: { type: 'number' }, v: { type: 'string' } }, required: ['u', 'v'] },
    ],
  },
]
const RECORDS: readonly JsonSchema[] = OBJECTS.slice(0, 4).map(items => ({ type: 'array', items, maxItems: 3 }))

const VARIANTS: { readonly [name: string]: readonly JsonSchema[] } = {
  i: INTEGERS,
  j: INTEGERS,
  p: NUMBERS,
  q: NUMBERS,
  c: DECIMALS,
  d: DECIMALS,
  s: TEXTS,
  t: TEXTS,
  b: [{ type: 'boolean' }],
  m: MIXED,
  l: LISTS,
  o: OBJECTS,
  r: RECORDS,
}
const NAMES = Object.keys(VARIANTS)

export const schemas: fc.Arbitrary<RowSchema> = fc
  .tuple(
    fc.tuple(...NAMES.map(name => fc.constantFrom(...(VARIANTS[name] ?? [])))),
    fc.array(fc.boolean(), { minLength: NAMES.length, maxLength: NAMES.length }),
    fc.boolean(),
  )
  .map(([found, optional, closed]) => ({
    fields: new Map(
      NAMES.map((name, i): [string, FieldSchema] => [
        name,
        { schema: found[i] as JsonSchema, optional: (optional[i] ?? false) && i % 2 === 0 },
      ]),
    ),
    closed,
    observed: false,
  }))

// ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const SAFE = Number.MAX_SAFE_INTEGER
const ATOMS: readonly Json[] = [
  0,
  1,
  -1,
  2,
  3,
  4,
  7,
  -3,
  2.5,
  0.5,
  -1.5,
  100,
  SAFE,
  -SAFE,
  1e21,
  -1e21,
  1.7e308,
  -1.7e308,
].concat([5e-324, -5e-324, 1e-300, 0.1])
const TEXT_ATOMS: readonly Json[] = [
  '',
  'a',
  'b',
  'ab',
  '😀',
  'z😀z',
  '7',
  'a,b',
  '(',
  '2026-01-01T00:00:00Z',
  'long enough',
  '0.00',
  '2.50',
  '-3903.7',
  '9'.repeat(99),
  `0.${'0'.repeat(98)}1`,
]
const FLAT: readonly Json[] = [...ATOMS, ...TEXT_ATOMS, null, true, false]
const PARTS: readonly Json[] = [
  {},
  ...[0, 3, -2, SAFE, 2.5, 1e21].flatMap((u): Json[] => [
    { u },
    { u, v: 'x' },
    { u, v: '', w: null },
    { u, v: 'a', w: 1.5 },
    { u, x: 'more' },
  ]),
  { v: 'x' },
  { v: 'x', w: 5e-324 },
  { u: 3, d: '2.50' },
  { u: 3, v: '', d: '-0.1' },
  { u: null, v: null },
  { u: [], w: {} },
]
const POOL: readonly Json[] = [
  ...FLAT,
  ...PARTS,
  [],
  ...FLAT.map(each => [each]),
  ...FLAT.map((each, i): Json => [each, FLAT[(i * 7 + 3) % FLAT.length] as Json]),
  ...[
    [0, 1, 2],
    [1.5, -1e21],
    ['a', 'b', 'a'],
    [null, 3],
    [true, false],
    [[1], ['a']],
    ['x', 1, 2],
    [-1, SAFE],
    [5e-324, 1e308],
    ['0.10', '0.2'],
  ],
  ...PARTS.map(each => [each]),
  ...PARTS.map((each, i): Json => [each, PARTS[(i * 5 + 2) % PARTS.length] as Json]),
]

const fitting = new Map<JsonSchema, readonly Json[]>()

/** What fits, as the check of a source has it. */
function valuesOf(schema: JsonSchema): readonly Json[] {
  const known = fitting.get(schema)
  if (known !== undefined) return known
  const one = new Map([['it', { schema, optional: false }]])
  const check = compileRowSchema({ fields: one, closed: true, observed: false }, { textual: false })
  const values = POOL.flatMap(it => {
    const checked = check({ it })
    return checked.ok ? [checked.row.it as Json] : []
  })
  fitting.set(schema, values)
  return values
}

/** What of the values becomes which field is decided by one number each. */
export function rowOf({ fields, closed }: RowSchema, chances: readonly number[]): Row {
  const row = newRow()
  let i = 0
  for (const [name, { schema, optional }] of fields) {
    const chance = chances[i++] ?? 0
    const values = valuesOf(schema)
    if (!optional || chance % 3 > 0) row[name] = values[chance % values.length] ?? null
    else if (chance % 2 > 0) row[name] = null
  }
  const chance = chances[i] ?? 0
  if (!closed && chance % 3 > 0) row.z = POOL[chance % POOL.length] as Json
  return row
}

/** Numbers for `rowOf`, of a dozen rows. */
export const chances = fc.array(
  fc.array(fc.nat({ max: 100_000 }), { minLength: NAMES.length + 1, maxLength: NAMES.length + 1 }),
  { minLength: 12, maxLength: 12 },
)
