/** What expressions make of texts, times and numbers at their edges: by character, with a calendar, and never rounded in silence. */
import { describe, expect, test } from 'vitest'
import { compileExpression } from '../../src/expression/expression.ts'
import { newRow } from '../../src/model/row.ts'
import { OBSERVED } from '../../src/model/schema.ts'

/** Its value, or the code of what went wrong. */
const resultOf = (source: string) => {
  const compiled = compileExpression(source, { over: 'row', schema: OBSERVED })
  if (!compiled.ok) throw new Error(compiled.problems.map(({ message }) => message).join())
  const result = compiled.expression.evaluate(newRow())
  return result.ok ? result.value : result.code
}
const each = (cases: readonly (readonly [string, unknown])[]) =>
  test.each(cases)('%s', (source, expected) => expect(resultOf(source)).toEqual(expected))

describe('texts count characters, and compare by them', () =>
  each([
    ["'👍🏽❤️'.size()", 4],
    ["'e\u0301'.size()", 2],
    ["'x😀yz'.substring(1, 3)", '😀y'],
    ["'x😀yxy'.indexOf('y')", 2],
    ["'x😀yxy'.lastIndexOf('y')", 4],
    ["'Maß'.upperAscii()", 'MAß'],
    ["'a;;b'.split(';')", ['a', '', 'b']],
    ["'a;b;c'.split(';', 2)", ['a', 'b;c']],
    ["'\u00a0 x '.trim()", 'x'],
    ["'xxx'.replace('x', 'y', 2)", 'yyx'],
    ["'ab'.substring(4)", 'INDEX_OUT_OF_RANGE'],
    ['[1, 2][-1]', 'INDEX_OUT_OF_RANGE'],
    ["'ä' > 'z'", true],
    ["'\\U0001F600' > '\\uFFFD'", true],
    ["dyn(2) == dyn('2')", false],
  ]))

describe('times have a calendar, a zone and nanoseconds', () =>
  each([
    ["timestamp('2024-02-28T23:30:00Z').getDate('+01:00')", 29],
    ["timestamp('2024-02-28T23:30:00Z').getDayOfMonth()", 27],
    ["timestamp('2024-12-31T23:30:00Z').getDayOfYear('+01:00')", 0],
    ["timestamp('2024-07-01T12:00:00Z').getHours('America/New_York')", 8],
    ["timestamp('2024-07-01T12:00:00Z').getMinutes('Asia/Kathmandu')", 45],
    ["string(timestamp('2023-02-28T23:00:00Z') + duration('1h'))", '2023-03-01T00:00:00Z'],
    ["string(timestamp('2024-03-01T00:00:00Z') - timestamp('2024-02-29T00:00:00Z'))", '86400s'],
    ["string(timestamp('2024-01-01T00:00:00.000000001Z'))", '2024-01-01T00:00:00.000000001Z'],
    ["int(timestamp('1969-12-31T23:59:58.5Z'))", -2],
    ["string(duration('2h0.5s'))", '7200.5s'],
    ["duration('150m').getHours()", 2],
    ["string(duration('2d'))", 'CONVERSION_FAILED'],
    ...[
      '2016-12-31T23:59:60Z',
      '2024-01-01',
      '2024-01-01T00:00:00',
      '2024-01-01 00:00:00Z',
      '2023-02-29T00:00:00Z',
    ].map(text => [`string(timestamp('${text}'))`, 'CONVERSION_FAILED'] as const),
  ]))

describe('numbers are exact, or an error', () =>
  each([
    ['-9 / 2', -4],
    ['-9 % 4', -1],
    ['9.0 / 2', 4.5],
    ['int(-2.9)', -2],
    ['int(1e19)', 'INTEGER_OVERFLOW'],
    ['9223372036854775807 + 1 > 0', 'INTEGER_OVERFLOW'],
    ['9007199254740993 == 9007199254740992.0', false],
    ['9223372036854775807 < 9223372036854775808.0', true],
    ['int(17.99 * 100.0)', 1798],
    ['int(math.round(17.99 * 100.0))', 1799],
    ['math.round(-3.5)', -4],
    ['2.0 in [1, 2]', true],
    ["{2: 'b'}[2.0]", 'b'],
    ['null == 0', false],
    ["double('1e400')", 'NUMBER_NOT_FINITE'],
    ["int('9223372036854775808')", 'INTEGER_OVERFLOW'],
    ...['1,5', 'Infinity', 'NaN', '', ' 1', '0x1f', '1_000'].map(
      text => [`double('${text}')`, 'CONVERSION_FAILED'] as const,
    ),
    ["bool('yes')", 'CONVERSION_FAILED'],
  ]))
