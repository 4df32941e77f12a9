import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Json, type Row, withoutPrototypes } from '../model/row.ts'
import { type FieldSchema, OBSERVED, type RowSchema } from '../model/schema.ts'
import { compileExpression, EXPRESSION_ERRORS } from './expression.ts'

const field = (schema: object, optional = false): FieldSchema => ({ schema: schema as FieldSchema['schema'], optional })

const FIXED: RowSchema = {
  fields: new Map([
    ['amount', field({ type: 'integer' })],
    ['price', field({ type: 'number' })],
    ['name', field({ type: 'string' })],
    ['note', field({ type: 'string' }, true)],
    ['score', field({ type: 'integer' }, true)],
    ['open', field({ type: 'boolean' })],
    ['tags', field({ type: 'array', items: { type: 'string' } })],
    ['prices', field({ type: 'array', items: { type: 'number' } })],
    ['status', field({ type: 'string', enum: ['new', 'done'] })],
    ['in', field({ type: 'string' })],
    ['loan-type', field({ type: 'string' })],
    [
      'address',
      field({
        type: 'object',
        properties: { city: { type: 'string' }, zip: { type: 'integer' } },
        required: ['city'],
        additionalProperties: false,
      }),
    ],
    ['mixed', field({ type: ['integer', 'string'] })],
  ]),
  closed: true,
  observed: false,
}
const ROW: Json = {
  amount: 7,
  price: 2,
  name: 'Ada',
  note: null,
  score: 5,
  open: true,
  tags: ['a', 'b'],
  prices: [1, 2.5],
  status: 'new',
  in: 'x',
  'loan-type': 'auto',
  address: { city: 'Perth', zip: 6000 },
  mixed: 3,
}

const rowOf = (json: Json) => withoutPrototypes(json) as Row
const compiled = (source: string, schema: RowSchema = OBSERVED) => {
  const result = compileExpression(source, { over: 'row', schema })
  if (!result.ok) throw new Error(result.problems.map(problem => problem.message).join('\n'))
  return result
}
const evaluate = (source: string, row: Json = ROW, schema: RowSchema = OBSERVED) =>
  compiled(source, schema).expression.evaluate(rowOf(row))
const resultOf = (source: string, row: Json = ROW, schema: RowSchema = OBSERVED) => {
  const result = evaluate(source, row, schema)
  return result.ok ? result.value : result.code
}
const problems = (source: string, schema: RowSchema = FIXED) => {
  const result = compileExpression(source, { over: 'row', schema })
  return result.ok ? [] : result.problems
}
const withRest = (schema: object): RowSchema => ({ ...OBSERVED, rest: field(schema, true) })

describe('arithmetic and comparison', () => {
  const cases: [string, unknown][] = [
    ['row.amount >= 5000', false],
    ['row.amount + 1', 8],
    ['row.amount * 2', 14],
    ['row.amount % 3 == 1', true],
    ['-7 / 2', -3],
    ['row.amount / 2.0', 3.5],
    ['row.amount + 0.5', 7.5],
    ['0.5 + row.amount', 7.5],
    ['row.amount > 6.5', true],
    ['6.5 < row.amount', true],
    ['row.amount == 7.0', true],
    ['7.0 == row.amount', true],
    ['row.amount != 7', false],
    ['-row.amount', -7],
    ['-(row.amount) + 1', -6],
    ['row.prices[1] * 2', 5],
    ['row.price % 1.5', 0.5],
    ['row.amount in [1, 7]', true],
    ['7.0 in [1, 7]', true],
    ['row.name in ["Ada", "Bo"]', true],
    ['"city" in row.address', true],
    ['"a" in row.tags', true],
    ['row.amount > 5 ? "big" : "small"', 'big'],
    ['row.amount > 5 ? row.price : 1', 2],
    ['(row.open ? 1 : 2.5) / 2', 0.5],
    ['int("42") + int(3.9) + int(row.amount)', 52],
    ['double("1.5") + double(row.amount)', 8.5],
    ['string(row.amount) + string(true) + string(1.5)', '7true1.5'],
    ['bool("true")', true],
    ['"\ue000" < "😀"', true],
    ['[1, 2] == [1, 2.0]', true],
    ['{"a": 1} == {"a": 1.0}', true],
    ['{"a": row.amount, "b": [1, 2.5]}', { a: 7, b: [1, 2.5] }],
    ['row', ROW],
    ['1 == 2 || row.name == "Ada"', true],
    ['!row.open', false],
  ]
  test.each(cases)('%s, declared', (source, expected) => expect(resultOf(source, ROW, FIXED)).toEqual(expected))
  test.each(cases)('%s, undeclared', (source, expected) => expect(resultOf(source)).toEqual(expected))

  test('integers divide as integers where they are declared or computed from such, all other numbers as decimals', () => {
    expect(resultOf('row.amount / 2', ROW, FIXED)).toBe(3)
    expect(resultOf('(row.amount + 1) / 3', ROW, FIXED)).toBe(2)
    expect(resultOf('size(row.name) / 2', ROW)).toBe(1)
    expect(resultOf('row.price / 4', { price: 2 }, FIXED)).toBe(0.5)
    expect(resultOf('row.price / 8', { price: 20 })).toBe(2.5)
    expect(resultOf('row.list.map(x, x / 8)', { list: [20, 19.5] })).toEqual([2.5, 2.4375])
    expect(resultOf('json.parse(row.text).n / 8', { text: '{"n": 20}' })).toBe(2.5)
    expect(resultOf('row.?price.orValue(0) / 8', { price: 20 })).toBe(2.5)
  })

  test('whole numbers of which nothing is declared serve where an integer is needed, others don’t', () => {
    const row = { n: 2, list: [5, 6, 7], text: 'abcdef', part: 2.5 }
    expect(resultOf('row.n % 2 == 0', row)).toBe(true)
    expect(resultOf('row.list[row.n]', row)).toBe(7)
    expect(resultOf('row.text.substring(row.n)', row)).toBe('cdef')
    expect(resultOf('row.text.substring(1, row.n)', row)).toBe('b')
    expect(resultOf('timestamp(row.n)', row)).toBe('1970-01-01T00:00:02Z')
    expect(resultOf('"%d of %x".format([row.n, row.n])', row)).toBe('2 of 2')
    expect(resultOf('math.bitAnd(row.n, 3)', row)).toBe(2)
    expect(evaluate('row.list[row.part]', row)).toMatchObject({ ok: false, code: 'TYPE_MISMATCH' })
    expect(evaluate('row.text.substring(row.part)', row)).toMatchObject({ ok: false, code: 'TYPE_MISMATCH' })
    expect(evaluate('"%d".format([row.part])', row)).toMatchObject({ ok: false, code: 'TYPE_MISMATCH' })
  })

  test('mixed comparison is exact', () => {
    expect(resultOf('row.a == row.b', { a: 9007199254740991, b: 9007199254740991 })).toBe(true)
    expect(resultOf('9007199254740993 == 9007199254740992.0', {})).toBe(false)
  })
})

test('a decimal of any size is a value, a whole one too', () => {
  expect(resultOf('row.a * 1e16', { a: 1.5 })).toBe(1.5e16)
  expect(resultOf('row.a * 2.0', { a: 6.02e20 })).toBe(1.204e21)
})

describe('errors at run time are values', () => {
  test.each([
    ['row.missing > 5', {}, 'FIELD_MISSING'],
    ['row.a.b.c == 1', { a: {} }, 'FIELD_MISSING'],
    ['row.a > 5', { a: null }, 'VALUE_NULL'],
    ['row.a.b == 1', { a: null }, 'VALUE_NULL'],
    ['row.a > 5', { a: 'x' }, 'TYPE_MISMATCH'],
    ['row.a + 5', { a: 'x' }, 'TYPE_MISMATCH'],
    ['-row.a', { a: 'x' }, 'TYPE_MISMATCH'],
    ['row.a.b == 1', { a: 'x' }, 'TYPE_MISMATCH'],
    ['row.a && true', { a: 1 }, 'TYPE_MISMATCH'],
    ['row.a.contains("x")', { a: null }, 'VALUE_NULL'],
    ['row.a.contains("x")', { a: 3 }, 'TYPE_MISMATCH'],
    ['row.a / 0', { a: 1 }, 'DIVISION_BY_ZERO'],
    ['row.a % 0', { a: 1 }, 'DIVISION_BY_ZERO'],
    ['row.a / 0.0', { a: 1 }, 'DIVISION_BY_ZERO'],
    ['row.a * row.a', { a: 1e300 }, 'NUMBER_NOT_FINITE'],
    ['int(row.a) * int(row.a)', { a: 9007199254740991 }, 'INTEGER_OVERFLOW'],
    ['int(row.a) + 1', { a: 9007199254740991 }, 'INTEGER_OVERFLOW'],
    ['row.a[5]', { a: [1] }, 'INDEX_OUT_OF_RANGE'],
    ['row.a[-1]', { a: [1] }, 'INDEX_OUT_OF_RANGE'],
    ['row.a[row.k]', { a: { x: 1 }, k: 'y' }, 'KEY_MISSING'],
    ['row.?a.value()', {}, 'KEY_MISSING'],
    ['int(row.a)', { a: '' }, 'CONVERSION_FAILED'],
    ['int(row.a)', { a: '0x10' }, 'CONVERSION_FAILED'],
    ['double(row.a)', { a: ' 1' }, 'CONVERSION_FAILED'],
    ['double(row.a)', { a: 'inf' }, 'CONVERSION_FAILED'],
    ['double(row.a)', { a: '1e999' }, 'NUMBER_NOT_FINITE'],
    ['"x".matches(row.a)', { a: '(' }, 'PATTERN_INVALID'],
    ['{row.a: 1}', { a: 1 }, 'RESULT_NOT_JSON'],
  ] as [string, Json, string][])('%s of %j', (source, row, code) => {
    const result = evaluate(source, row)
    expect(result).toMatchObject({ ok: false, code, message: expect.any(String) })
    expect(Object.keys(EXPRESSION_ERRORS)).toContain(code)
  })

  test('what one side settles, an error of the other doesn’t change', () => {
    expect(resultOf('row.x > 1 || true', {})).toBe(true)
    expect(resultOf('true || row.x > 1', {})).toBe(true)
    expect(resultOf('row.x > 1 && false', {})).toBe(false)
    expect(resultOf('row.x > 1 && true', {})).toBe('FIELD_MISSING')
    expect(resultOf('[0, 1].exists(i, 1 / i == 1)', {})).toBe(true)
    expect(resultOf('[0, 1].all(i, 1 / i == 1)', {})).toBe('DIVISION_BY_ZERO')
  })

  test('an optional number type-checks; null and missing are errors of the row', () => {
    expect(resultOf('row.score > 5', { score: null }, FIXED)).toBe('VALUE_NULL')
    expect(resultOf('row.score > 5', {}, FIXED)).toBe('VALUE_NULL')
    expect(resultOf('row.score > 5', { score: 6 }, FIXED)).toBe(true)
  })
})

describe('optional fields', () => {
  test.each([
    ['row.note == null', true],
    ['null == row.note', true],
    ['row.note != null', false],
    ['has(row.note)', false],
    ['has(row.note) && row.note.contains("x")', false],
    ['row.?note.orValue("none")', 'none'],
    ['row.?note.hasValue()', false],
    ['row.?score.orValue(0) + 1', 6],
    ['row.?note.or(row.?name).orValue("x")', 'Ada'],
    ['row[?"note"].orValue("none")', 'none'],
    ['row.note', null],
    ['row.?note', null],
    ['row.note == null ? 0 : row.score', 0],
    ['has(row.score) ? row.score : null', 5],
    ['optional.of(1).value()', 1],
    ['optional.none().hasValue()', false],
  ])('%s', (source, expected) => {
    expect(resultOf(source, ROW, FIXED)).toEqual(expected)
    expect(resultOf(source)).toEqual(expected)
  })

  test('has is false on the way to a field too, and for keys of values', () => {
    expect(resultOf('has(row.a.b)', {})).toBe(false)
    expect(resultOf('has(row.a.b)', { a: null })).toBe(false)
    expect(resultOf('has(row.a.b)', { a: { b: 1 } })).toBe(true)
    expect(resultOf('row.list.filter(x, has(x.y)).size()', { list: [{ y: 1 }, { y: null }, {}] })).toBe(1)
    expect(resultOf('row.?a.?b.orValue(1)', { a: {} })).toBe(1)
    expect(resultOf('row.?a.b.orValue(1)', { a: { b: 2 } })).toBe(2)
  })

  test('a declared field that is missing reads as null, an undeclared one is an error', () => {
    expect(resultOf('row.note == null', {}, FIXED)).toBe(true)
    expect(resultOf('row.note == null', {})).toBe('FIELD_MISSING')
    expect(resultOf('row.note == null', {}, withRest({ type: 'string' }))).toBe('FIELD_MISSING')
  })
})

describe('the check before the run', () => {
  test('a text compared with a number: place and hint', () => {
    const [problem] = problems('row.open && row.name >= 5000')
    expect(problem).toMatchObject({ code: 'CUSTODY_CEL_TYPE', offset: 12, length: 16 })
    expect(problem?.hint).toContain('name: number')
    expect(problems('row.amount >= 5000', withRest({ type: 'string' }))[0]?.hint).toContain('amount: number')
  })

  test.each([
    ['row.name + 1', 'CUSTODY_CEL_TYPE'],
    ['row.name == 1', 'CUSTODY_CEL_TYPE'],
    ['row.name == row.open', 'CUSTODY_CEL_TYPE'],
    ['row["name"] > 1', 'CUSTODY_CEL_TYPE'],
    ['!row.name', 'CUSTODY_CEL_TYPE'],
    ['row.amount && true', 'CUSTODY_CEL_TYPE'],
    ['row.amount ? 1 : 2', 'CUSTODY_CEL_TYPE'],
    ['row.open ? 1 : "x"', 'CUSTODY_CEL_TYPE'],
    ['row.amount > null', 'CUSTODY_CEL_TYPE'],
    ['row.amount.city', 'CUSTODY_CEL_TYPE'],
    ['row.amount.contains("x")', 'CUSTODY_CEL_TYPE'],
    ['row.name.contains(1)', 'CUSTODY_CEL_TYPE'],
    ['row.name.contains()', 'CUSTODY_CEL_TYPE'],
    ['contains(row.name, "x")', 'CUSTODY_CEL_TYPE'],
    ['row.name.containz("x")', 'CUSTODY_CEL_TYPE'],
    ['1 in row.tags', 'CUSTODY_CEL_TYPE'],
    ['1 in row.amount', 'CUSTODY_CEL_TYPE'],
    ['row.tags["a"]', 'CUSTODY_CEL_TYPE'],
    ['row.name[0]', 'CUSTODY_CEL_TYPE'],
    ['row.tags.all(t, t)', 'CUSTODY_CEL_TYPE'],
    ['row.amount.all(t, true)', 'CUSTODY_CEL_TYPE'],
    ['row.?note.orValue(5)', 'CUSTODY_CEL_TYPE'],
    ['row.note.orValue("x")', 'CUSTODY_CEL_TYPE'],
    ['5u', 'CUSTODY_CEL_TYPE'],
    ['b"x"', 'CUSTODY_CEL_TYPE'],
    ['uint(5)', 'CUSTODY_CEL_TYPE'],
    ['type(row.amount)', 'CUSTODY_CEL_TYPE'],
    ['9223372036854775808', 'CUSTODY_CEL_TYPE'],
    ['row.amont', 'CUSTODY_UNKNOWN_FIELD'],
    ['has(row.amont)', 'CUSTODY_UNKNOWN_FIELD'],
    ['row["amont"]', 'CUSTODY_UNKNOWN_FIELD'],
    ['row.?amont', 'CUSTODY_UNKNOWN_FIELD'],
    ['row.address.street', 'CUSTODY_UNKNOWN_FIELD'],
    ['amount > 5', 'CUSTODY_UNKNOWN_FIELD'],
    ['row.loan-type', 'CUSTODY_UNKNOWN_FIELD'],
    ['row.amount >', 'CUSTODY_CEL_SYNTAX'],
    ['row.amount = 5', 'CUSTODY_CEL_SYNTAX'],
    ['row.in == "x"', 'CUSTODY_CEL_SYNTAX'],
    ['', 'CUSTODY_CEL_SYNTAX'],
    ['row.name.matches("(")', 'CUSTODY_PATTERN'],
  ])('%s', (source, code) => {
    const [problem] = problems(source)
    expect(problem).toMatchObject({ code, message: expect.any(String) })
    expect(problem?.offset).toBeLessThanOrEqual(source.length)
    expect(problem?.length).toBeGreaterThan(0)
  })

  test('an unknown field: the nearest name and all fields', () => {
    const [problem] = problems('row.amont > 5')
    expect(problem).toMatchObject({ offset: 0, length: 9 })
    expect(problem?.hint).toMatch(/Did you mean amount\? Fields here: amount, price/)
  })

  test('all problems at once', () => {
    expect(problems('row.amont > 5 && row.name > 3 && row.zzz == 1').map(each => each.code)).toEqual([
      'CUSTODY_UNKNOWN_FIELD',
      'CUSTODY_CEL_TYPE',
      'CUSTODY_UNKNOWN_FIELD',
    ])
  })

  test('fields named as keywords or with dashes are reached with brackets', () => {
    expect(resultOf('row["in"] == "x"', ROW, FIXED)).toBe(true)
    expect(problems('row["in"] > 5')[0]?.code).toBe('CUSTODY_CEL_TYPE')
    expect(resultOf('row["loan-type"]', ROW, FIXED)).toBe('auto')
    expect(problems('row.in == "x"')[0]?.hint).toContain('["in"]')
  })

  test('an undeclared field is a warning under flexible, nothing under observed', () => {
    expect(compiled('row.amont > 5', { ...FIXED, closed: false }).warnings).toMatchObject([
      { code: 'CUSTODY_UNKNOWN_FIELD', offset: 0 },
    ])
    expect(compiled('row.amont > 5').warnings).toEqual([])
  })

  test('a warning is reported beside a problem, which may follow from it', () => {
    const rest = { schema: { type: 'string' }, optional: true }
    const compiled = compileExpression('row.amont > 5', { over: 'row', schema: { ...FIXED, closed: false, rest } })
    expect(compiled).toMatchObject({ ok: false, problems: [{ code: 'CUSTODY_CEL_TYPE' }] })
    expect(compiled.warnings).toMatchObject([{ hint: expect.stringContaining('Did you mean amount?') }])
  })

  test('a comparison with an impossible value is a warning', () => {
    expect(compiled('row.status == "dome"', FIXED).warnings).toHaveLength(1)
    expect(compiled('row.status == "done"', FIXED).warnings).toEqual([])
  })

  test('triggers see batch only', () => {
    const trigger = compileExpression('batch.count >= 50 && batch.age_seconds > 10', { over: 'batch' })
    expect(trigger.ok && trigger.expression.evaluate(rowOf({ count: 50, age_seconds: 11 }))).toEqual({
      ok: true,
      value: true,
    })
    expect(compileExpression('row.amount > 5', { over: 'batch' }).ok).toBe(false)
    expect(compileExpression('batch.size > 5', { over: 'batch' }).ok).toBe(false)
  })

  test.each([
    ['optional.of(row.score).orValue(1)', { type: 'integer' }, true],
    ['row.?score.orValue(1)', { type: 'integer' }, false],
    ['row.amount > 5', { type: 'boolean' }, false],
    ['row.amount + 1', { type: 'integer' }, false],
    ['row.amount + 0.5', { type: 'number' }, false],
    ['row.status', { type: 'string', enum: ['new', 'done'] }, false],
    ['row.open ? "a" : "b"', { type: 'string', enum: ['a', 'b'] }, false],
    ['row.name + "x"', { type: 'string' }, false],
    ['row.note', { type: 'string' }, true],
    ['row.?note', { type: 'string' }, true],
    ['row.?note.orValue("x")', { type: 'string' }, false],
    ['row.open ? row.name : null', { type: 'string' }, true],
    ['row.tags', { type: 'array', items: { type: 'string' } }, false],
    ['row.tags.map(t, t.size())', { type: 'array', items: { type: 'integer' } }, false],
    ['row.tags[0]', { type: 'string' }, false],
    ['row.mixed', {}, true],
    ['row.score + 1', { type: 'integer' }, false],
    ['timestamp(row.name)', { type: 'string' }, false],
    [
      '{"a": row.amount}',
      { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'], additionalProperties: false },
      false,
    ],
  ])('%s gives its type', (source, schema, optional) => {
    const { gives } = compiled(source, FIXED).expression
    expect(gives).toEqual({ schema, optional })
  })

  test.each([
    ['row.amount > row.price', [['amount'], ['price']]],
    ['row.address.city == row["name"]', [['address', 'city'], ['name']]],
    ['has(row.note) && row.?score.hasValue()', [['note'], ['score']]],
    ['row.tags.all(row, row == "x")', [['tags']]],
    ['size(row)', [[]]],
  ])('%s reads its fields', (source, reads) => expect(compiled(source, FIXED).expression.reads).toEqual(reads))
})

describe('nothing but data is reachable', () => {
  test.each([
    'row.constructor',
    'row["__proto__"]',
    'row.toString',
    'row.a.constructor',
    'row.a["__proto__"]',
    'row[row.k]',
    '[row.a].map(x, x.constructor)[0]',
    'dyn({"a": 1})["constructor"]',
  ])('%s', source => {
    const plainObject = { a: {}, k: 'constructor' } as unknown as Row
    for (const row of [plainObject, rowOf({ a: {}, k: '__proto__' })]) {
      const result = compiled(source).expression.evaluate(row)
      expect(result.ok ? result.value : result.code).toMatch(/^(FIELD|KEY)_MISSING$/)
    }
    expect(resultOf('has(row.constructor)', {})).toBe(false)
  })

  test('such names are data where a row has them', () => {
    const row = rowOf(JSON.parse('{"__proto__": 1, "constructor": 2, "o": {"__proto__": 3}}'))
    expect(compiled('[row["__proto__"], row.constructor, row.o["__proto__"]]').expression.evaluate(row)).toEqual({
      ok: true,
      value: [1, 2, 3],
    })
    const made = compiled('{"__proto__": 1}').expression.evaluate(row)
    expect(made.ok && Object.keys(made.value as object)).toEqual(['__proto__'])
  })
})

describe('limits', () => {
  test('nested repetition in a pattern', () => {
    expect(resultOf('row.a.matches("^(a+)+$")', { a: `${'a'.repeat(50_000)}!` })).toBe(false)
    expect(resultOf('matches(row.a, row.p)', { a: `${'a'.repeat(50_000)}!`, p: '^(a+)+$' })).toBe(false)
    expect(resultOf('row.a.matches("(?i)pass(word)?")', { a: 'my PASS' })).toBe(true)
  })

  test.each([
    `${'('.repeat(5000)}1${')'.repeat(5000)}`,
    `${'!'.repeat(9000)}true`,
    `${'-'.repeat(9000)}1`,
    `true${' || true'.repeat(1200)}`,
    `"${'x'.repeat(10_000)}"`,
    `[${'1,'.repeat(4000)}1]`,
    `row${'.a'.repeat(4000)}`,
  ])('an expression that is too long or too deep is refused (%#)', source => {
    expect(problems(source, OBSERVED)[0]?.code).toBe('CUSTODY_CEL_SYNTAX')
  })

  test('macros within macros and growing texts come to an end', () => {
    const list = Array.from({ length: 1000 }, (_, i) => i)
    const nested = 'row.l.all(a, row.l.all(b, row.l.all(c, true)))'
    expect(resultOf(nested, { l: list })).toBe('EVALUATION_LIMIT')
    let doubling = 'x'
    for (let i = 0; i < 30; i++) doubling = `cel.bind(x, x + x, ${doubling})`
    expect(resultOf(`cel.bind(x, "aaaa", ${doubling})`, {})).toBe('EVALUATION_LIMIT')
  })

  test('never throws, whatever the expression and the row', () => {
    const path = fc.constantFrom(
      'row.a',
      'row.b',
      'row.c',
      'row["a"]',
      'row.?a',
      'null',
      '1',
      '2.5',
      '"x"',
      '[1]',
      'row',
    )
    const op = fc.constantFrom('+', '-', '*', '/', '%', '==', '<', '>=', 'in', '&&', '||')
    const { tree } = fc.letrec<{ tree: string }>(tie => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        path,
        fc.tuple(tie('tree'), op, tie('tree')).map(([l, o, r]) => `(${l} ${o} ${r})`),
        fc.tuple(tie('tree'), tie('tree'), tie('tree')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
        tie('tree').map(a => `size(${a})`),
        tie('tree').map(a => `[${a}].map(i, i)`),
        tie('tree').map(a => `!${a}`),
      ),
    }))
    const rows = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.jsonValue({ maxDepth: 2 }))
    fc.assert(
      fc.property(tree, rows, (source, row) => {
        const result = compileExpression(source, { over: 'row', schema: OBSERVED })
        if (!result.ok) return
        const value = result.expression.evaluate(rowOf(row as Json))
        if (!value.ok) expect(Object.keys(EXPRESSION_ERRORS)).toContain(value.code)
        else expect(JSON.parse(JSON.stringify(value.value))).toEqual(JSON.parse(JSON.stringify(value.value ?? null)))
      }),
      { numRuns: 500 },
    )
  })
})

test('the quick way of comparisons gives what the general way gives', () => {
  const literals = fc.constantFrom('5', '-5', '0', '2.5', '-0.0', '9007199254740991', '9007199254740993', '"5"', '""')
  const json = fc.oneof(
    fc.constantFrom(5, -5, 0, 2.5, 9007199254740991, '5', '', null, true, undefined, [5], 1e300),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  )
  const op = fc.constantFrom('<', '<=', '>', '>=', '==', '!=')
  const schema = fc.constantFrom<RowSchema>(OBSERVED, { ...OBSERVED, fields: new Map([['f', field({}, true)]]) })
  fc.assert(
    fc.property(op, literals, json, schema, (operator, literal, value, known) => {
      const row: Json = value === undefined ? {} : { f: value as Json }
      const quick = evaluate(`row.f ${operator} ${literal}`, row, known)
      // An expression that isn't a field or a literal takes the general way.
      const general = evaluate(`dyn(row.f) ${operator} dyn(${literal})`, row, known)
      expect(quick.ok ? quick.value : quick.code).toBe(general.ok ? general.value : general.code)
    }),
    { numRuns: 1000 },
  )
})
