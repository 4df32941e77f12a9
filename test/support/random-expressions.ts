/** Random expressions over random rows that fit random schemas; the ways in which they can fail are among them. */
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

// ── expressions ─────────────────────────────────────────────────────────────────────────────────────────────────────

const either = fc.constantFrom
const written = (...parts: ReadonlyArray<fc.Arbitrary<string> | string>) =>
  fc.tuple(...parts.map(part => (typeof part === 'string' ? fc.constant(part) : part))).map(all => all.join(''))

const number_place = either(
  ...['row.i', 'row.j', 'row.p', 'row.q', 'row.c', 'row.d', 'row.o.u', 'row.o.w', 'row.o.d'],
  ...['x', 'x.u', 'row.m'],
)
const text_place = either('row.s', 'row.t', 'row.o.v', 'x', 'x.v', 'row.m', 'row["s"]')
const place = fc.oneof(number_place, text_place, either('row.o', 'row.l', 'row.z', 'row.b', 'row.r', 'row.z.u', 'row'))
const order = either(' < ', ' <= ', ' > ', ' >= ')
const equality = either(' == ', ' != ')
const number_literal = either(
  '0',
  '1',
  '-1',
  '3',
  '2.5',
  '0.0',
  '1e300',
  '9223372036854775807',
  '-9223372036854775808',
  '5e-324',
  'decimal("2.50")',
  'decimal(0)',
)
const text_literal = either('""', '"a"', '"(a"', '"UTC"', '"2026-01-01T00:00:00Z"', '"90s"')
const lenient = either(
  'row.?s',
  'row.?i',
  'row.?c',
  'row.?o.?v',
  'row.?l',
  'row.?l[?0]',
  'row.o.?u',
  'row.?z',
  'row.?z.?u',
  'x.?v',
)

interface Parts {
  readonly bool: fc.Arbitrary<string>
  readonly num: fc.Arbitrary<string>
  readonly text: fc.Arbitrary<string>
  readonly list: fc.Arbitrary<string>
  readonly guard: fc.Arbitrary<string>
  readonly any: fc.Arbitrary<string>
}
/** Something about a place, and then something that may fail if that isn’t so. */
const about = fc
  .tuple(
    fc.oneof(number_place, place),
    either(
      ...[
        'P != null && ',
        'P != 0 && ',
        '!(P == 0) && ',
        'P > 0 && ',
        'P < 0 || ',
        'P >= 1 && ',
        '0 <= P && ',
        '-1 > P && ',
      ],
      ...[
        'P <= 0 || ',
        '!(P > 0) && ',
        '!(P < 1) && ',
        'P == 4 && ',
        'P == row.j && ',
        'P < row.j && ',
        'P > row.q && ',
      ],
      ...[
        'type(P) == int && ',
        'type(P) == double && ',
        'type(P) == decimal && ',
        'type(P) != string && ',
        'has(P) && ',
        'P in [1, 2] && ',
        '',
        'P == "a" && ',
      ],
      ...[
        'size(P) > 0 && ',
        '1 < size(P) && ',
        'P.size() >= 1 && ',
        'P != row.i || ',
        '(P != 0 || row.b) && ',
        'P == null ? true : ',
      ],
    ),
    either(
      ...[
        '10 / P > 2',
        '10 % P == 1',
        'row.i / P > 2',
        '1.0 / P > 2.0',
        'P / row.j > 1',
        'P + 1 > 2',
        'P * P > 4',
        '-P < 3',
      ],
      ...[
        '9223372036854775807 - P > 1',
        'P + 9223372036854775807 > 1',
        'P * 3 > 2',
        'P > 1',
        'P.contains("a")',
        'P + P == "aa"',
      ],
      ...[
        'P.u > 1',
        'P[0] == 1',
        'P[1] == "a"',
        'size(P) > 1',
        'math.abs(P) > 1',
        'int(P) > 1',
        'double(P) > 1.0',
        'decimal(P) > 1',
        '1 in P',
        'P',
      ],
    ),
  )
  .map(([at, guard, then]) => `(${guard}${then})`.replaceAll('P', at))

const chosen = ({ guard }: Parts, of: fc.Arbitrary<string>) => written('(', guard, ' ? ', of, ' : ', of, ')')

function guards(parts: Parts) {
  const { guard } = parts
  return fc.oneof(
    written(
      'has(',
      either('row.i', 'row.s', 'row.m', 'row.o.u', 'row.o.v', 'row.z', 'row.z.u', 'row.l', 'x.v', 'x.u'),
      ')',
    ),
    written(place, ' != null'),
    written('null == ', place),
    written(number_place, fc.oneof(order, equality), fc.oneof(number_literal, number_place)),
    written(number_literal, fc.oneof(order, equality), number_place),
    written(text_place, equality, fc.oneof(text_literal, text_place)),
    written(
      'type(',
      place,
      ')',
      equality,
      either('int', 'double', 'decimal', 'string', 'list', 'map', 'bool', 'null_type'),
    ),
    written('size(', either('row.l', 'row.r', 'row.s', 'row.o'), ')', order, either('0', '1', '2')),
    written('!', guard),
    written('(', guard, either(' && ', ' || '), guard, ')'),
  )
}

function booleans(parts: Parts) {
  const { bool, num, text, list, guard, any } = parts
  return fc.oneof(
    { depthSize: 'small' },
    { weight: 3, arbitrary: about },
    written(num, order, num),
    written(text, order, text),
    written(any, equality, any),
    guard,
    { weight: 3, arbitrary: written('(', guard, either(' && ', ' || '), bool, ')') },
    chosen(parts, bool),
    written('!(', bool, ')'),
    written(any, ' in ', list),
    written('"u" in ', either('row.o', 'row.z', 'x')),
    written(text, either('.contains(', '.startsWith('), text, ')'),
    written(text, '.matches(', fc.oneof(either('"^a"', '"(a|b)+"'), text), ')'),
    { weight: 2, arbitrary: written(list, either('.all(x, ', '.exists(x, ', '.exists_one(x, '), bool, ')') },
    written('cel.bind(x, ', any, ', ', bool, ')'),
    written(lenient, '.hasValue()'),
    written(lenient, '.optMap(x, ', any, ').hasValue()'),
    written(either('sets.contains(', 'sets.intersects('), list, ', ', list, ')'),
  )
}

function numbers(parts: Parts) {
  const { num, text, list, any } = parts
  return fc.oneof(
    { depthSize: 'small' },
    { weight: 3, arbitrary: number_place },
    number_literal,
    { weight: 3, arbitrary: written('(', num, either(' + ', ' - ', ' * ', ' / ', ' % '), num, ')') },
    written('(', num, either(' / ', ' % '), number_literal, ')'),
    chosen(parts, num),
    written(either('int(', 'double(', 'decimal(', 'math.abs(', 'math.round(', '-('), num, ')'),
    written(either('int(', 'double(', 'decimal('), text, ')'),
    written('size(', fc.oneof(text, list), ')'),
    written(either('math.least(', 'math.greatest('), num, ', ', num, ')'),
    written('math.greatest(', list, ')'),
    written('math.least(', num, ', ', num, ', ', num, ')'),
    written(list, either('.sum()', '.min()', '.mean()', '.first().orValue(1)', '.last().value()')),
    written(either('math.sign(', 'math.bitNot(', 'math.sqrt('), num, ')'),
    written('number.round(', num, ', 2)'),
    written(lenient, '.orValue(', num, ')'),
    written(lenient, '.value()'),
    written(list, either('[0]', '[1]', '[-1]')),
    written(text, either('.indexOf("a")', '.indexOf("a", 0)', '.size()')),
    written('timestamp(', fc.oneof(text, num), ')', either('.getFullYear()', '.getHours("UTC")', '.getDayOfYear()')),
    written('cel.bind(x, ', any, ', ', num, ')'),
  )
}

function texts(parts: Parts) {
  const { text, list, any } = parts
  return fc.oneof(
    { depthSize: 'small' },
    { weight: 3, arbitrary: text_place },
    text_literal,
    written('(', text, ' + ', text, ')'),
    chosen(parts, text),
    written('string(', any, ')'),
    written(
      text,
      either('.trim()', '.upperAscii()', '.charAt(0)', '.substring(1)', '.substring(0)', '.replace("a", "bb")'),
    ),
    written(list, either('.join()', '.join(",")', '[0]')),
    written(text, either('.upper()', '.padStart(3)', '.reverse()', '.normalize()', '.transliterate()', '.collapse()')),
    written('regex.extract(', text, ', "a(b)?").orValue("")'),
    written('regex.replace(', text, ', "a", "\\\\0b")'),
    written(lenient, '.orValue(', text, ')'),
  )
}

function lists(parts: Parts) {
  const { bool, num, text, list, any } = parts
  return fc.oneof(
    { depthSize: 'small' },
    { weight: 4, arbitrary: either('row.l', 'row.r', 'row.l', 'row.o', 'row.z') },
    written('[', any, ', ', any, ']'),
    written('[', text, ', ', text, ']'),
    written('[', num, ', ', num, ']'),
    written(text, '.split("a")'),
    written(list, '.filter(x, ', bool, ')'),
    written(list, either('.sortBy(x, ', '.groupBy(x, '), any, ')'),
    written(list, either('.distinct()', '.sort()', '.reverse()', '.flatten()', '.slice(0, 1)')),
    written(either('row.o', 'row'), either('.keys()', '.values()', '.pick(["u"])', '.omit(["u"])')),
    written('lists.range(', num, ')'),
    written(list, '.map(x, ', any, ')'),
    written(list, '.map(x, ', bool, ', ', any, ')'),
    written('(', list, ' + ', list, ')'),
    written('{"u": ', any, ', "v": ', any, '}'),
    written('{', text, ': ', any, ', "u": 1}'),
    written('[', number_literal, '].map(x, ', any, ')'),
  )
}

function anything(parts: Parts) {
  const { bool, num, text, list } = parts
  return fc.oneof(
    { depthSize: 'small' },
    num,
    text,
    list,
    place,
    written('dyn(', num, ')'),
    bool,
    written('type(', num, ')'),
  )
}

const { bool, any } = fc.letrec<{ [part in keyof Parts]: string }>(tie => {
  const parts: Parts = {
    bool: tie('bool'),
    num: tie('num'),
    text: tie('text'),
    list: tie('list'),
    guard: tie('guard'),
    any: tie('any'),
  }
  return {
    bool: booleans(parts),
    num: numbers(parts),
    text: texts(parts),
    list: lists(parts),
    guard: guards(parts),
    any: anything(parts),
  }
})

/** Numbers for `rowOf`, of a dozen rows. */
export const chances = fc.array(
  fc.array(fc.nat({ max: 100_000 }), { minLength: NAMES.length + 1, maxLength: NAMES.length + 1 }),
  { minLength: 12, maxLength: 12 },
)
/** Those that give true or false, and those that give anything. */
export const conditions = bool
export const anything_at_all = any
