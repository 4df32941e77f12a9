/** Which operations can fail, case by case. That nothing else can: test/total-expressions.test.ts. */
import { describe, expect, test } from 'vitest'
import { newRow, type Row } from '../../model/row.ts'
import type { FieldSchema, JsonSchema, RowSchema } from '../../model/schema.ts'
import { compileExpression, type Expression, expressionRisks } from '../expression.ts'

const field = (schema: JsonSchema, optional = false): FieldSchema => ({ schema, optional })
const PART = { type: 'object', properties: { n: { type: 'integer' }, note: { type: 'string' } }, required: ['n'] }
const SCHEMA: RowSchema = {
  fields: new Map([
    ['a', field({ type: 'integer' })],
    ['b', field({ type: 'integer' })],
    ['few', field({ type: 'integer', minimum: 1, maximum: 100 })],
    ['some', field({ type: 'integer' }, true)],
    ['x', field({ type: 'number' })],
    ['share', field({ type: 'number', minimum: 0, maximum: 1 })],
    ['text', field({ type: 'string' })],
    ['code', field({ type: 'string', maxLength: 8 })],
    ['note', field({ type: 'string' }, true)],
    ['either', field({ type: ['integer', 'string'] })],
    ['null_or', field({ type: ['string', 'null'] })],
    ['tags', field({ type: 'array', items: { type: 'string', maxLength: 20 }, maxItems: 50 })],
    ['all', field({ type: 'array', items: { type: 'integer' } })],
    ['parts', field({ type: 'array', items: PART, maxItems: 1000 })],
    ['part', field(PART)],
    ['pair', field({ type: 'array', prefixItems: [{ type: 'string' }], items: { type: 'integer' }, minItems: 2 })],
    ['any', field({})],
  ]),
  closed: false,
  observed: false,
}

function compiled(source: string): Expression {
  const result = compileExpression(source, { over: 'row', schema: SCHEMA })
  if (!result.ok) throw new Error(`${source}: ${result.problems.map(({ message }) => message).join()}`)
  return result.expression
}
const risksOf = (source: string, wanted: 'bool' | 'string' = 'bool') => {
  const [risks = []] = expressionRisks([compiled(source)], SCHEMA, wanted)
  return risks.map(({ message }) => message)
}

describe('nothing can fail', () => {
  test.each([
    'row.a > 5 && row.x <= 2.5 || row.text == "x"',
    'row.a < row.x',
    'row.a + row.b > row.a - 1',
    'row.few * row.few / 7 > 2',
    'row.a / row.few > 2 && row.a % row.few == 0',
    'row.share * 100.0 > 5.0 && 1.0 - row.share < 0.5',
    'row.x * 0.5 > 1.0 && row.x / 3.0 < 7.0',
    'row.b != 0 && row.a / row.b > 1',
    'row.b == 0 || row.a % row.b == 1',
    'row.b > 0 ? row.a / row.b > 3 : row.b < 0 && row.a / row.b < 3',
    '!(row.b == 0) && row.a / row.b > 1',
    '0 < row.b && row.a / row.b > 1',
    'has(row.some) && row.some > 5',
    'row.some != null && row.some + 1 > 5',
    'row.some == null || row.some > 5',
    '!has(row.note) ? false : row.note.startsWith("x")',
    'row.note == "x" ? row.note.contains("y") : row.note == null',
    'row.?some.orValue(0) > 5',
    'row.?part.?note.orValue("") == "x"',
    'row.?more.hasValue()',
    'has(row.more) && row.more == 5',
    'type(row.either) == int && row.either > 5',
    'type(row.either) == string ? row.either.contains("x") : true',
    'has(row.any) && type(row.any) == double && row.any > 5',
    'row.either == 5 || row.any == "x" || row.any == null',
    'row.text.matches("^[a-z]+$") && row.text.lowerAscii().trim().size() > 3',
    'row.code + row.code == "xx" && row.code.replace("a", "bc") != ""',
    'row.code.charAt(0) == "x" && row.text.substring(0) != ""',
    'row.text in ["a", "b"] && row.a in [1, 2]',
    '"x" in row.tags && size(row.tags) > 2',
    'size(row.tags) > 1 && row.tags[1] == "x"',
    'row.tags.exists(t, t.contains("x"))',
    'row.tags.join(",").contains("x")',
    '["a", "b"].all(word, row.text.contains(word))',
    'row.parts.all(p, p.n > 1) && row.parts.exists_one(p, has(p.note) && p.note == "x")',
    'row.parts.filter(p, p.n > 1).map(p, p.n).size() == 2',
    'row.part.n > 1 && row.part.note == null',
    'cel.bind(part, row.part, part.n > 1)',
    'cel.bind(n, row.some, n != null && n > 1)',
    'string(row.a) == "1" || double(row.a) > 1.5 || int(row.share) == 1',
    'timestamp("2026-01-01T00:00:00Z").getFullYear("Australia/Sydney") == 2026',
    'duration("90s") > duration("1m")',
    'math.abs(row.a) > 3 && math.least(row.a, row.few) < 3 && math.round(row.x) > 2.0',
    '(row.a > 1 ? 1 : 2.5) > row.x',
  ])('%s', source => {
    expect(risksOf(source)).toEqual([])
  })

  test.each(['row.text', 'row.a > 1 ? "a" : row.code', 'row.?note.orValue("none")', 'row.tags.join()'])(
    '%s, a text',
    source => {
      expect(risksOf(source, 'string')).toEqual([])
    },
  )
})

describe('something can fail', () => {
  test.each([
    ['row.a / row.b > 1', '`row.a / row.b` fails where `row.b` is 0'],
    ['row.a % (row.b - 7) == 0', '`row.a % (row.b - 7)` fails where `row.b - 7` is 0'],
    ['row.b == 0 && row.a / row.b > 1', '`row.a / row.b` fails where `row.b` is 0'],
    ['row.b < 0 || row.a / row.b > 1', '`row.a / row.b` fails where `row.b` is 0'],
    ['row.b >= 0 && row.a / row.b > 1', '`row.a / row.b` fails where `row.b` is 0'],
    ['(row.b != 0 || row.a > 1) && row.a / row.b > 1', '`row.a / row.b` fails where `row.b` is 0'],
    ['row.a * row.b > 1', '`row.a * row.b` fails where the result leaves the range of 64 bits'],
    ['row.x * 1.1 > 1.0', '`row.x * 1.1` fails where the result leaves the range of doubles'],
    ['row.x != 0.0 && 1.0 / row.x > 1.0', '`1.0 / row.x` fails where the result leaves the range of doubles'],
    ['row.some > 5', '`row.some > 5` fails where `row.some` is missing or null'],
    ['5 > row.some', '`5 > row.some` fails where `row.some` is missing or null'],
    ['row.note.contains("x")', '`row.note.contains("x")` fails where `row.note` is missing or null'],
    ['row.null_or.contains("x")', '`row.null_or.contains("x")` fails where `row.null_or` is null'],
    ['row.part.note.contains("x")', '`row.part.note.contains("x")` fails where `row.part.note` is missing or null'],
    ['row.more == 5', '`row.more` fails where it is missing'],
    [
      'has(row.more) && row.more.deep == 5',
      '`row.more.deep` fails where `row.more` has no fields',
      '`row.more.deep` fails where `row.more.deep` is missing',
    ],
    ['row.either > 5', '`row.either > 5` fails where `row.either` isn’t a number'],
    ['row.any', '`row.any` fails where it is null', '`row.any` fails where it isn’t true or false'],
    ['int(row.text) > 5', '`int(row.text)` fails where `row.text` isn’t an integer of 64 bits'],
    ['int(row.x) > 5', '`int(row.x)` fails where `row.x` is too large for an integer'],
    ['double(row.text) > 5.0', '`double(row.text)` fails where `row.text` isn’t a number'],
    ['timestamp(row.text) > timestamp(0)', '`timestamp(row.text)` fails where `row.text` isn’t a timestamp'],
    ['timestamp("2026") > timestamp(0)', '`timestamp("2026")` fails where it is evaluated'],
    [
      'timestamp(0).getHours(row.text) == 1',
      '`timestamp(0).getHours(row.text)` fails where `row.text` isn’t a time zone',
    ],
    [
      'timestamp(0) + duration("1h") > timestamp(row.few)',
      '`timestamp(row.few)` fails where `row.few` isn’t between the years 1 and 9999',
    ],
    ['row.text.matches(row.code)', '`row.text.matches(row.code)` fails where `row.code` isn’t a valid pattern'],
    ['row.text.matches("(" + "a")', '`row.text.matches("(" + "a")` fails where `"(" + "a"` isn’t a valid pattern'],
    ['row.tags[0] == "x"', '`row.tags[0]` fails where the list has no such position'],
    ['size(row.tags) > row.a && row.tags[0] == "x"', '`row.tags[0]` fails where the list has no such position'],
    ['row.text.charAt(1) == "x"', '`row.text.charAt(1)` fails where `row.text` has no such position'],
    ['{"a": 1}[row.text] == 1', '`{"a": 1}[row.text]` fails where there is no such key'],
    ['row.?some.value() > 1', '`row.?some.value()` fails where `row.?some` has no value'],
    ['row.parts.all(p, p.note == "x")', '`p.note` fails where there is no such key'],
    ['row.parts.exists(p, 10 / p.n > 2)', '`10 / p.n` fails where `p.n` is 0'],
    [
      'row.text + row.text == ""',
      '`row.text + row.text` fails where the text becomes longer than 10,000,000 characters',
    ],
    ['row.all + row.all == []', '`row.all + row.all` fails where the list becomes longer than 1,000,000 elements'],
    ['row.all.exists(n, n > 1)', '`row.all.exists(n, n > 1)` fails where it takes more than 1,000,000 steps'],
    [
      'row.parts.all(p, row.parts.all(q, p.n > q.n))',
      '`row.parts.all(p, row.parts.all(q, p.n > q.n))` fails where it takes more than 1,000,000 steps',
    ],
    ['size(row.tags) >= 0 && row.tags[0] == "x"', '`row.tags[0]` fails where the list has no such position'],
    [
      'row.pair[0] > 1',
      '`row.pair[0] > 1` fails where `row.pair[0]` is null',
      '`row.pair[0] > 1` fails where `row.pair[0]` isn’t a number',
    ],
    ['row.?either.orValue(1) > 5', '`row.?either.orValue(1) > 5` fails where `row.?either.orValue(1)` isn’t a number'],
    ['row.some', '`row.some` fails where it is missing or null', '`row.some` fails where it isn’t true or false'],
  ])('%s', (source, ...expected) => {
    // The analysis asks what the expression gives, too, where its type leaves that open.
    expect(risksOf(source).slice(0, expected.length)).toEqual(expected)
  })
})

test('at these limits it does fail, and below them it doesn’t', () => {
  const row = (fields: object): Row => Object.assign(newRow(), fields)
  const texts = compiled('row.text + row.text == ""')
  expect(texts.evaluate(row({ text: 'x'.repeat(5_000_000) }))).toEqual({ ok: true, value: false })
  expect(texts.evaluate(row({ text: 'x'.repeat(5_000_001) }))).toMatchObject({ ok: false, code: 'EVALUATION_LIMIT' })
  const lists = compiled('row.all.exists(n, n > 1)')
  const list = new Array(1_000_000).fill(1)
  expect(lists.evaluate(row({ all: list }))).toEqual({ ok: true, value: false })
  expect(lists.evaluate(row({ all: [...list, 1] }))).toMatchObject({ ok: false, code: 'EVALUATION_LIMIT' })
})

test('conditions within conditions are looked at once each', () => {
  const nested = Array.from({ length: 20 }).reduce<string>(inner => `(${inner} == 1 && row.b > 0 ? 1 : 2)`, 'row.a')
  expect(risksOf(`${nested} == 1 && row.a > 1`)).toEqual([])
  const bound = Array.from({ length: 30 }).reduce<string>((inner, _, i) => {
    const [name, before] = [`m${29 - i}`, 29 - i === 0 ? 'row.a' : `m${28 - i}`]
    return `cel.bind(${name}, [{"u": ${before}, "v": ${before}}, {"u": ${before}, "v": ${before}}], ${inner})`
  }, 'm29.size() == 2')
  expect(risksOf(bound)).toEqual([])
})

test('where nothing can be relied on, declared types count for nothing', () => {
  const [risks = []] = expressionRisks([compiled('row.a > 5')], null, 'bool')
  expect(risks.map(({ message }) => message)).toEqual([
    '`row.a` fails where it is missing',
    '`row.a > 5` fails where `row.a` is null',
    '`row.a > 5` fails where `row.a` isn’t a number',
  ])
})
