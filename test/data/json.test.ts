/** JSON and text files, as they come from services, logs and hands. */
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { type DataCase, type DataResult, tryData } from '../support/try-data.ts'

const lines = (input: string): DataCase => ({ source: 'jsonl', input })
const document = (input: string | Uint8Array, options = {}): DataCase => ({ source: 'json', input, options })

/** Keys that mean something to JavaScript, and nothing in data. */
const NASTY =
  '{"__proto__":{"x":1},"constructor":"c","toString":"t","hasOwnProperty":1,"a.b":2,"":3,"😀":4,"then":5,"length":6,"toJSON":"y"}'

type Expected = Pick<DataResult, 'rows'> & Partial<Pick<DataResult, 'rejected'>>
/** Codes and lines of what is rejected. */
const codes = ({ rejected }: DataResult) => rejected.map(([code, line]) => [code, line])

const at = (code: string, ...found: readonly number[]) => found.map(line => [code, line] as const)

describe('is read', () => {
  test.each<[string, DataCase, Expected]>([
    [
      'numbers in all spellings',
      lines('{"v":-0}\n{"v":1.0}\n{"v":1E+2}\n{"v":9007199254740991}\n{"v":1e22}\n'),
      { rows: [0, 1, 100, 9007199254740991, 1e22].map(v => ({ v })) },
    ],
    [
      'whole numbers with a fraction where integers are declared',
      { ...lines('{"v":1.0}\n{"v":1e2}\n'), schema: { mode: 'fixed', fields: { v: 'integer' } } },
      { rows: [{ v: 1 }, { v: 100 }] },
    ],
    [
      'escapes, pairs of surrogates and NUL',
      lines('{"a":"\\u0000\\ud83d\\ude00\\/"}\n'),
      { rows: [{ a: '\u0000😀/' }] },
    ],
    [
      'lines of Windows behind a mark, blank ones, and a last one without an end',
      lines('\ufeff{"a":1}\r\n\r\n   \r\n{"a":"\\u0000"}\r\n{"a":2}'),
      { rows: [{ a: 1 }, { a: '\0' }, { a: 2 }] },
    ],
    ['any keys', lines(`${NASTY}\n`), { rows: [JSON.parse(NASTY)] }],
    [
      'a list under a pointer',
      document('{"data":{"rows":[{"a":1},{"a":2}]}}', { pointer: '/data/rows' }),
      { rows: [{ a: 1 }, { a: 2 }] },
    ],
    [
      'one object under a pointer',
      document('{"data":{"k":{"a":1}}}', { pointer: '/data' }),
      { rows: [{ k: { a: 1 } }] },
    ],
    ['UTF-16 with its mark', document(Buffer.from('\ufeff[{"a":"é"}]', 'utf16le')), { rows: [{ a: 'é' }] }],
    [
      'decimals that are whole, and say so',
      {
        ...lines('{"v":6.02e20}\n{"v":6.02e23}\n{"v":1e16}\n{"v":1.5e18}\n{"v":1e22}\n'),
        schema: { mode: 'fixed', fields: { v: 'number' } },
      },
      { rows: [6.02e20, 6.02e23, 1e16, 1.5e18, 1e22].map(v => ({ v })) },
    ],
    [
      'lines of text, with all that doesn’t end one',
      { source: 'text', input: 'a\rb\nc\u000cd\n\ne\u2028f\n\u0000g' },
      { rows: ['a\rb', 'c\u000cd', '', 'e\u2028f', '\u0000g'].map(text => ({ text })) },
    ],
  ])('%s', async (_what, given, { rows }) => {
    const result = await tryData(given)
    expect(result).toMatchObject({ exit: 0, rejected: [] })
    expect(result.rows).toEqual(rows)
  })
})

describe('costs the broken record and no other', () => {
  test.each<[string, DataCase, readonly unknown[], ReadonlyArray<readonly [string, number]>]>([
    [
      'integers that a double rounds',
      lines('{"v":9007199254740993}\n{"v":12345678901234567.0}\n{"v":1e400}\n{"v":2}\n'),
      [{ v: 2 }],
      [
        ['JSON_INTEGER_TOO_LARGE', 1],
        ['JSON_INTEGER_TOO_LARGE', 2],
        ['JSON_NUMBER_TOO_LARGE', 3],
      ],
    ],
    [
      'numbers that are none',
      lines('{"v":NaN}\n{"v":01}\n{"v":+1}\n{"v":.5}\n{"v":2}\n'),
      [{ v: 2 }],
      at('JSON_SYNTAX', 1, 2, 3, 4),
    ],
    ['values that are no objects', lines('[1]\n"x"\n12\nnull\n{"a":1}\n'), [{ a: 1 }], at('NOT_AN_OBJECT', 1, 2, 3, 4)],
    [
      'what other languages write',
      lines('{\'a\':1}\n{"a":1,}\n{"a":1}{"a":2}\n{"a":1} // x\n{"a":3}\n'),
      [{ a: 3 }],
      at('JSON_SYNTAX', 1, 2, 3, 4),
    ],
    [
      'what is no text of JSON, or could be two values',
      lines('{"a":"\ttab"}\n{"a":"\0"}\n{"a":1,"a":2}\n{"a":"\\ud800"}\n\ufeff{"a":1}\n{"a":3}\n'),
      [{ a: 3 }],
      [
        ...at('JSON_SYNTAX', 1, 2),
        ...at('JSON_DUPLICATE_KEY', 3),
        ...at('JSON_LONE_SURROGATE', 4),
        ...at('JSON_SYNTAX', 5),
      ],
    ],
    [
      'bytes in another encoding, among lines of text',
      { source: 'text', input: Buffer.concat([Buffer.from('\ufeffa\nb'), Buffer.from([0xff]), Buffer.from('\nc')]) },
      [{ text: 'a' }, { text: 'c' }],
      [['ENCODING', 2]],
    ],
    [
      'comments in a document',
      document('// c\n[{"a":1}]'),
      [],
      [
        ['JSON_SYNTAX', 1],
        ['JSON_STRUCTURE', 1],
      ],
    ],
    [
      'a document that ends too early',
      document('[{"a":1},{"a":2},{"a":'),
      [{ a: 1 }, { a: 2 }],
      [['JSON_TRUNCATED', 1]],
    ],
    ['several documents on one line', document('{"a":1} {"a":2}\n'), [{ a: 1 }], [['JSON_STRUCTURE', 1]]],
    ['a document that is a number', document('42'), [], [['NOT_AN_OBJECT', 1]]],
    ['an empty document', document(''), [], [['JSON_TRUNCATED', 1]]],
    [
      'integers as texts, fractions and truth',
      { ...lines('{"v":"1"}\n{"v":true}\n{"v":1.5}\n{"v":1}\n'), schema: { mode: 'fixed', fields: { v: 'integer' } } },
      [{ v: 1 }],
      at('SCHEMA_TYPE', 1, 2, 3),
    ],
    [
      'what is nested deeper than is taken in',
      lines(`{"a":${'['.repeat(300)}${']'.repeat(300)}}\n{"a":1}\n`),
      [{ a: 1 }],
      [['JSON_TOO_DEEP', 1]],
    ],
  ])('%s', async (_what, given, rows, rejected) => {
    const result = await tryData(given)
    expect(result).toMatchObject({ exit: 0, errors: [] })
    expect(result.rows).toEqual(rows)
    expect(codes(result)).toEqual(rejected)
  })
})

describe('stops before anything is written', () => {
  test.each<[string, DataCase, string, RegExp]>([
    ['a gzip file', { source: 'jsonl', input: gzipSync('{"a":1}\n') }, 'INPUT_FORMAT', /gzip.*compression: gzip/],
    [
      'one document over many lines, given to jsonl',
      lines('[\n  {"a": 1},\n  {"a": 2}\n]\n'),
      'INPUT_FORMAT',
      /one JSON document.*plugin json/,
    ],
    ['an array, given to jsonl', lines('[{"a": 1}, {"a": 2}]'), 'INPUT_FORMAT', /one JSON document.*plugin json/],
    [
      'lines, given to json',
      document('{"a":1}\n{"a":2}\n'),
      'INPUT_FORMAT',
      /a JSON value on each line.*Read it with the plugin jsonl/,
    ],
    [
      'a pointer to nothing',
      document('{"data":{}}', { pointer: '/data/rows' }),
      'SOURCE',
      /nothing at \/data\/rows.*no key "rows"/,
    ],
  ])('%s', async (_what, given, code, message) => {
    const result = await tryData(given)
    expect(result).toMatchObject({ exit: 1, code, text: '' })
    expect(result.message).toMatch(message)
  })
})

test('what is written can be read again, and is the same', async () => {
  const first = await tryData(lines(`${NASTY}\n{"__proto__":1}\n{"a":{"__proto__":{"b":true}}}\n`))
  const second = await tryData(lines(first.text))
  expect(first.rows).toHaveLength(3)
  expect(second.text).toBe(first.text)
})
