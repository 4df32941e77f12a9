import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { withoutPrototypes } from '../model/row.ts'
import { OBSERVED } from '../model/schema.ts'
import { compileExpression } from './expression.ts'
import { compareText } from './operators.ts'

const resultOf = (source: string, row: object = {}) => {
  const compiled = compileExpression(source, { over: 'row', schema: OBSERVED })
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  const result = compiled.expression.evaluate(withoutPrototypes(row as never) as never)
  return result.ok ? result.value : result.code
}

describe('texts', () => {
  test.each([
    ['size("😀é")', 2],
    ['"a😀b".indexOf("b")', 2],
    ['"a😀b".indexOf("x")', -1],
    ['"abcabc".indexOf("a", 1)', 3],
    ['"abc".indexOf("a", 4)', 'INDEX_OUT_OF_RANGE'],
    ['"a😀ba".lastIndexOf("a")', 3],
    ['"abca".lastIndexOf("a", 2)', 0],
    ['"a😀b".substring(1)', '😀b'],
    ['"a😀b".substring(1, 2)', '😀'],
    ['"abc".substring(3)', ''],
    ['"abc".substring(4)', 'INDEX_OUT_OF_RANGE'],
    ['"abc".substring(-1)', 'INDEX_OUT_OF_RANGE'],
    ['"abc".substring(2, 1)', 'INDEX_OUT_OF_RANGE'],
    ['"a😀b".charAt(1)', '😀'],
    ['"abc".charAt(3)', ''],
    ['"ÀB".lowerAscii()', 'Àb'],
    ['"àb".upperAscii()', 'àB'],
    ['"  x ".trim()', 'x'],
    ['"a,b,c".split(",")', ['a', 'b', 'c']],
    ['"a,b,c".split(",", 2)', ['a', 'b,c']],
    ['"a,b".split(",", 0)', []],
    ['"a😀".split("")', ['a', '😀']],
    ['"aXbX".replace("X", "-")', 'a-b-'],
    ['"aXbX".replace("X", "-", 1)', 'a-bX'],
    ['"ab".replace("", "-")', '-a-b-'],
    ['["a", "b"].join("-")', 'a-b'],
    ['[].join()', ''],
    ['row.l.join(",")', 'TYPE_MISMATCH'],
    ['"abc".contains("b") && "abc".startsWith("a") && "abc".endsWith("c")', true],
  ])('%s', (source, expected) => expect(resultOf(source, { l: [1] })).toEqual(expected))

  test('are ordered by code points', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\uffff', '\ue000', '😀', '𐀀', '') })
    const points = (value: string) =>
      [...value].map(each => (each.codePointAt(0) as number).toString(16).padStart(6, '0')).join()
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [x, y] = [points(a), points(b)]
        expect(Math.sign(compareText(a, b))).toBe(x < y ? -1 : x > y ? 1 : 0)
      }),
    )
  })
})

describe('numbers', () => {
  test.each([
    ['math.abs(-5)', 5],
    ['math.round(2.5)', 3],
    ['math.round(-2.5)', -3],
    ['math.ceil(1.2)', 2],
    ['math.floor(-1.2)', -2],
    ['math.trunc(-1.8)', -1],
    ['math.round(7)', 7],
    ['math.least(3, 2.5)', 2.5],
    ['math.greatest([1, 5, 3])', 5],
    ['math.greatest([])', 'INDEX_OUT_OF_RANGE'],
    ['math.round(row.a)', 'VALUE_NULL'],
    ['int(1e300)', 'INTEGER_OVERFLOW'],
    ['int("9223372036854775808")', 'INTEGER_OVERFLOW'],
    ['9223372036854775807 + 1 > 0', 'INTEGER_OVERFLOW'],
    ['-9223372036854775808 < 0', true],
  ])('%s', (source, expected) => expect(resultOf(source, { a: null })).toEqual(expected))
})

describe('times', () => {
  const at = 'timestamp("2026-03-01T23:30:15.250Z")'
  test.each([
    [at, '2026-03-01T23:30:15.25Z'],
    ['timestamp("2026-03-01T23:30:15+10:00")', '2026-03-01T13:30:15Z'],
    ['timestamp("1969-12-31T23:59:59.5Z")', '1969-12-31T23:59:59.5Z'],
    ['timestamp(0)', '1970-01-01T00:00:00Z'],
    ['int(timestamp("1969-12-31T23:59:59.5Z"))', -1],
    ['timestamp("2026-03-01")', 'CONVERSION_FAILED'],
    ['timestamp("2026-03-01T23:30:15")', 'CONVERSION_FAILED'],
    ['timestamp("2026-02-29T00:00:00Z")', 'CONVERSION_FAILED'],
    ['timestamp("2026-03-01T24:00:00Z")', 'CONVERSION_FAILED'],
    [`${at} + duration("24h")`, '2026-03-02T23:30:15.25Z'],
    [`${at} - timestamp("2026-03-01T22:30:15Z")`, '3600.25s'],
    [`${at} - duration("1m") < ${at}`, true],
    [`${at} == timestamp("2026-03-02T09:30:15.250+10:00")`, true],
    [`${at}.getFullYear()`, 2026],
    [`${at}.getMonth()`, 2],
    [`${at}.getDate()`, 1],
    [`${at}.getDayOfMonth()`, 0],
    [`${at}.getDayOfWeek()`, 0],
    [`${at}.getDayOfYear()`, 59],
    [`${at}.getHours()`, 23],
    [`${at}.getMilliseconds()`, 250],
    [`${at}.getHours("+10:00")`, 9],
    [`${at}.getDate("Australia/Sydney")`, 2],
    [`${at}.getHours("Australia/Sydney")`, 10],
    [`${at}.getHours("Nowhere/" + "There")`, 'CONVERSION_FAILED'],
    ['duration("1h30m").getMinutes()', 90],
    ['duration("-1.5s")', '-1.5s'],
    ['duration("90m") == duration("1h30m")', true],
    ['duration("1x")', 'CONVERSION_FAILED'],
    ['duration("99999999h")', 'INTEGER_OVERFLOW'],
    ['timestamp("9999-12-31T23:59:59Z") + duration("1s")', 'INTEGER_OVERFLOW'],
  ])('%s', (source, expected) => expect(resultOf(source)).toEqual(expected))
})

describe('lists', () => {
  test.each([
    ['[1, 2, 3].all(x, x > 0)', true],
    ['[1, 2, 3].exists(x, x > 2)', true],
    ['[1, 2, 3].exists_one(x, x > 1)', false],
    ['[1, 2, 3].filter(x, x % 2 == 1)', [1, 3]],
    ['[1, 2, 3].map(x, x * 2)', [2, 4, 6]],
    ['[1, 2, 3].map(x, x > 1, x * 2)', [4, 6]],
    ['[[1, 2], [3]].map(x, x.map(y, y + size(x)))', [[3, 4], [4]]],
    ['{"a": 1, "b": 2}.map(k, k)', ['a', 'b']],
    ['row.m.exists(k, row.m[k] > 1)', true],
    ['[1] + [2.5]', [1, 2.5]],
    ['cel.bind(x, 2, x * x)', 4],
    ['[1, 2][1.0]', 2],
    ['size({"a": 1}) + size([1, 2])', 3],
  ])('%s', (source, expected) => expect(resultOf(source, { m: { a: 1, b: 2 } })).toEqual(expected))
})
