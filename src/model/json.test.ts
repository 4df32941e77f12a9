import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalize, MAX_DATA_DEPTH, MAX_DEPTH } from './canonical.ts'
import { type DeclaredNumbers, JsonTextError, parseStored, parseStrict } from './json.ts'
import { isRow, type Json, withoutPrototypes } from './row.ts'

function refused(text: string): [code: string, offset: number] {
  try {
    parseStrict(text)
  } catch (error) {
    if (error instanceof JsonTextError) return [error.code, error.offset]
    throw error
  }
  throw new Error(`was not refused: ${text}`)
}

describe('what is refused, and where', () => {
  test.each([
    ['', 'JSON_SYNTAX', 0],
    [' ', 'JSON_SYNTAX', 1],
    ['{', 'JSON_SYNTAX', 1],
    ['{"a":1,}', 'JSON_SYNTAX', 7],
    ['{"a" 1}', 'JSON_SYNTAX', 5],
    ['{a:1}', 'JSON_SYNTAX', 1],
    ['[1,]', 'JSON_SYNTAX', 3],
    ['[1 2]', 'JSON_SYNTAX', 3],
    ['[1', 'JSON_SYNTAX', 2],
    ['01', 'JSON_SYNTAX', 1],
    ['1.', 'JSON_SYNTAX', 1],
    ['.5', 'JSON_SYNTAX', 0],
    ['+1', 'JSON_SYNTAX', 0],
    ['- 1', 'JSON_SYNTAX', 0],
    ['NaN', 'JSON_SYNTAX', 0],
    ['nul', 'JSON_SYNTAX', 0],
    ['truefalse', 'JSON_SYNTAX', 4],
    ['"abc', 'JSON_SYNTAX', 4],
    ['"a\nb"', 'JSON_SYNTAX', 2],
    ['"\\x41"', 'JSON_SYNTAX', 1],
    ['"\\u00g0"', 'JSON_SYNTAX', 1],
    ['"\\', 'JSON_SYNTAX', 1],
    ["'a'", 'JSON_SYNTAX', 0],
    ['{} {}', 'JSON_SYNTAX', 3],
    ['\ufeff{}', 'JSON_SYNTAX', 0],
    ['// c\n1', 'JSON_SYNTAX', 0],
    ['{"a":1,"a":1}', 'JSON_DUPLICATE_KEY', 7],
    ['{"a":1,"\\u0061":2}', 'JSON_DUPLICATE_KEY', 7],
    ['{"__proto__":1,"__proto__":2}', 'JSON_DUPLICATE_KEY', 15],
    ['[{"b":[{"a":1,"a":2}]}]', 'JSON_DUPLICATE_KEY', 14],
    ['9007199254740993', 'JSON_INTEGER_TOO_LARGE', 0],
    ['-9007199254740993', 'JSON_INTEGER_TOO_LARGE', 0],
    ['{"id":12345678901234567890}', 'JSON_INTEGER_TOO_LARGE', 6],
    ['12345678901234567.0', 'JSON_INTEGER_TOO_LARGE', 0],
    ['1.2345678901234567891e19', 'JSON_INTEGER_TOO_LARGE', 0],
    ['1000000000000000000001', 'JSON_INTEGER_TOO_LARGE', 0],
    ['1e-400', 'JSON_NUMBER_TOO_SMALL', 0],
    ['[-0.0000001e-999]', 'JSON_NUMBER_TOO_SMALL', 1],
    ['1e400', 'JSON_NUMBER_TOO_LARGE', 0],
    ['[1.5, -1e309]', 'JSON_NUMBER_TOO_LARGE', 6],
    ['"\ud800"', 'JSON_LONE_SURROGATE', 0],
    ['"\\ud800"', 'JSON_LONE_SURROGATE', 0],
    ['["x", "\\udc00\\ud800"]', 'JSON_LONE_SURROGATE', 6],
    ['{"\\udead":1}', 'JSON_LONE_SURROGATE', 1],
  ])('%j is %s at %i', (text, code, offset) => expect(refused(text)).toEqual([code, offset]))

  test('nesting beyond the limit, however deep, and not before', () => {
    const nest = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    const objects = (depth: number) => '{"a":'.repeat(depth) + 1 + '}'.repeat(depth)
    for (const text of [nest(MAX_DATA_DEPTH), objects(MAX_DATA_DEPTH)])
      expect(canonicalize(parseStrict(text))).toBe(text)
    expect(refused(nest(MAX_DATA_DEPTH + 1))).toEqual(['JSON_TOO_DEEP', MAX_DATA_DEPTH])
    expect(refused(objects(MAX_DATA_DEPTH + 1))).toEqual(['JSON_TOO_DEEP', MAX_DATA_DEPTH * 5])
    expect(refused(nest(100_000))).toEqual(['JSON_TOO_DEEP', MAX_DATA_DEPTH])
  })

  test('what is stored may be nested deeper than what comes in: evidence has levels of its own', () => {
    const nest = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    expect(canonicalize(parseStored(nest(MAX_DEPTH)))).toBe(nest(MAX_DEPTH))
    expect(() => parseStored(nest(MAX_DEPTH + 1))).toThrow(/nested more than 200 deep/)
  })
})

test('a whole number of any size that was stored is what was meant', () => {
  for (const text of ['[1e+21]', '{"a":10000000000000000}', '[-9007199254740992,"\\ud83d\\ude00"]'])
    expect(canonicalize(parseStored(text))).toBe(text.replace('\\ud83d\\ude00', '😀'))
})

describe('what is accepted', () => {
  test.each<[string, unknown]>([
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['1e16', 1e16],
    ['[1.5e18,6.02e20]', [1.5e18, 6.02e20]],
    ['1e21', 1e21],
    ['6.02e23', 6.02e23],
    ['0.1234567890123456789', 0.12345678901234568],
    ['1.0', 1],
    ['0e-999', 0],
    ['5e-324', 5e-324],
    ['9007199254740992', 2 ** 53],
    ['-18446744073709551616', -(2 ** 64)],
    ['1000000000000000000000', 1e21],
    [' [ 1 , 2 ] ', [1, 2]],
    ['\t{\r\n"a" : null }', { a: null }],
    ['"\\ud83d\\ude02"', '😂'],
    ['"\\\\ud800"', '\\ud800'],
    ['"\\"\\/\\b\\f\\n\\r\\t\\u0041"', '"/\b\f\n\r\tA'],
    ['[]', []],
    ['{"a":[],"b":{}}', { a: [], b: {} }],
  ])('%s', (text, value) => {
    const plain = JSON.parse(JSON.stringify(parseStrict(text)))
    expect(plain).toEqual(value)
  })
  test.each(['-0', ' -0', '-0.0', '-0e3', '[-0]'])('%s has no sign', text => {
    const value = parseStrict(text)
    expect(Object.is(Array.isArray(value) ? value[0] : value, 0)).toBe(true)
  })
  test.each(['{"__proto__":{"a":1},"constructor":2}', ' {"__proto__":{"a":1},"constructor":2}'])(
    'objects are rows: %s',
    text => {
      const value = parseStrict(text) as { [field: string]: Json }
      expect(isRow(value)).toBe(true)
      expect(Object.keys(value)).toEqual(['__proto__', 'constructor'])
      expect(isRow(Object.values(value)[0])).toBe(true)
      expect(value.a).toBeUndefined()
    },
  )
})

describe('numbers, as they are declared', () => {
  const as = (here: DeclaredNumbers['here']): DeclaredNumbers => ({ here, field: () => null, item: () => null })
  test.each<[DeclaredNumbers['here'], string, unknown]>([
    ['text', '9007199254740993', '9007199254740993'],
    ['text', '3903.70', '3903.70'],
    ['text', '1e-400', '1e-400'],
    ['text', '"3903.70"', '3903.70'],
    ['text_if_rounded', '9007199254740993', '9007199254740993'],
    ['text_if_rounded', '9'.repeat(400), '9'.repeat(400)],
    ['text_if_rounded', '42.50', 42.5],
    ['text_if_rounded', '9007199254740993.0', 'JSON_INTEGER_TOO_LARGE'],
    ['text_if_rounded', '1e-400', 'JSON_NUMBER_TOO_SMALL'],
    ['nearest', '9007199254740993', 9007199254740992],
    ['nearest', '12345678901234567.5', 12345678901234568],
    ['nearest', '1e400', 'JSON_NUMBER_TOO_LARGE'],
    ['nearest', '1e-400', 'JSON_NUMBER_TOO_SMALL'],
  ])('%s: %s', (here, text, expected) => {
    const take = (json: string, numbers: DeclaredNumbers) => {
      try {
        return parseStrict(json, numbers)
      } catch (error) {
        return (error as JsonTextError).code
      }
    }
    expect(take(text, as(here))).toEqual(expected)
    const listOf: DeclaredNumbers = { here: null, field: () => null, item: () => as(here) }
    const inside: DeclaredNumbers = { here: null, field: name => (name === 'a' ? listOf : null), item: () => null }
    const nested = take(`{"b": 1.50, "a": [${text}]}`, inside)
    expect(nested).toEqual(typeof nested === 'string' ? expected : withoutPrototypes({ b: 1.5, a: [expected as Json] }))
    expect(take(`{"a": {"a": 9007199254740993}}`, inside)).toBe('JSON_INTEGER_TOO_LARGE')
  })
})

describe('properties', () => {
  const value = fc.jsonValue({ noUnicodeString: false, maxDepth: 4 })
  const outcome = (text: string): unknown => {
    try {
      return { value: parseStrict(text) }
    } catch (error) {
      return { code: (error as JsonTextError).code }
    }
  }
  test('the quick way and the exact way agree', () => {
    fc.assert(
      fc.property(value, each => {
        const text = JSON.stringify(each)
        expect(outcome(` ${text}`)).toEqual(outcome(text))
      }),
    )
  })
  test('numbers: the quick way and the exact way agree', () => {
    const number = fc.oneof(
      fc.double(),
      fc.maxSafeInteger(),
      fc.bigInt().map(String),
      fc.double().map(n => n.toFixed(3)),
    )
    fc.assert(
      fc.property(number, each => {
        expect(outcome(` ${each}`)).toEqual(outcome(`${each}`))
      }),
    )
  })
  test('what can be written canonically is read as it was', () => {
    fc.assert(
      fc.property(value, each => {
        let text: string
        try {
          text = canonicalize(each as Json)
        } catch {
          return
        }
        expect(canonicalize(parseStored(text))).toBe(text)
        expect(parseStored(JSON.stringify(each, null, 1))).toEqual(withoutPrototypes(JSON.parse(text)))
      }),
    )
  })
  test('a text that is accepted is JSON, and means what JSON.parse says', () => {
    const text = fc.array(
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"a"',
        '"b"',
        '1',
        '-0',
        'null',
        ' ',
        '1e5',
        '"\\u0061"',
        '\\',
        '"',
      ),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(text, parts => {
        const source = parts.join('')
        let parsed: Json
        try {
          parsed = parseStrict(source)
        } catch (error) {
          expect(error).toBeInstanceOf(JsonTextError)
          return
        }
        expect(JSON.stringify(parsed)).toBe(JSON.stringify(JSON.parse(source)))
      }),
      { numRuns: 1000 },
    )
  })
})
