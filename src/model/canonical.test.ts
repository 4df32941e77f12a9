import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyCharacter } from '../../test/support/any-character.ts'
import { canonicalize, isCanonical, isInexactInteger, isRounded, MAX_DEPTH, NotJsonError } from './canonical.ts'
import { type Json, newRow, withoutPrototypes } from './row.ts'

function refused(value: unknown): { code: string; path: readonly (string | number)[] } {
  try {
    canonicalize(value as Json)
  } catch (error) {
    if (error instanceof NotJsonError) return { code: error.code, path: error.path }
    throw error
  }
  throw new Error('was not refused')
}

const bits = (hex: string): number => new DataView(new BigUint64Array([BigInt(`0x${hex}`)]).buffer).getFloat64(0, true)

/** Values that canonical JSON has: no integers beyond the safe ones. */
const json = fc.jsonValue({ noUnicodeString: false, maxDepth: 4 }).filter(value => {
  try {
    canonicalize(value as Json)
    return true
  } catch {
    return false
  }
})

test('a text that is nested ever so deep is refused, whatever the stack', () => {
  const text = '['.repeat(50_000) + ']'.repeat(50_000)
  let value: Json = []
  for (let depth = 1; depth < 50_000; depth++) value = [value]
  expect(() => isCanonical(value, text)).toThrow(NotJsonError)
})

describe('RFC 8785 test data', () => {
  test.each([
    ['arrays', '[\n 56,\n {\n "d": true,\n "10": null,\n "1": [ ]\n }\n]', '[56,{"1":[],"10":null,"d":true}]'],
    [
      'french',
      '{"peach":"This sorting order","péché":"is wrong according to French","pêche":"but canonicalization MUST","sin":"ingnore locale"}',
      '{"peach":"This sorting order","péché":"is wrong according to French","pêche":"but canonicalization MUST","sin":"ingnore locale"}',
    ],
    [
      'structures',
      '{"1":{"f":{"f":"hi","F":5},"\\n":56.0},"10":{ },"":"empty","a":{ },"111":[{ }],"A":{ }}',
      '{"":"empty","1":{"\\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{}],"A":{},"a":{}}',
    ],
    ['unicode', '{"Unnormalized Unicode":"A\u030a"}', '{"Unnormalized Unicode":"A\u030a"}'],
    [
      'values',
      '{"numbers":[1E30,4.50,333333333.33333329,2e-3,0.000000000000000000000000001],"escaping":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
      '{"escaping":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/","literals":[null,true,false],"numbers":[1e+30,4.5,333333333.3333333,0.002,1e-27]}',
    ],
    [
      'weird',
      '{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\u000a":"Newline","1":"One","\\u0080":"Control\\u007f","\\ud83d\\ude02":"Smiley","\\u00f6":"Latin Small Letter O With Diaeresis","\\ufb33":"Hebrew Letter Dalet With Dagesh","</script>":"Browser Challenge"}',
      '{"\\n":"Newline","\\r":"Carriage Return","1":"One","</script>":"Browser Challenge","\u0080":"Control\u007f","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😂":"Smiley","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    ],
  ])('%s', (_name, input, output) => {
    expect(canonicalize(JSON.parse(input))).toBe(output)
    expect(canonicalize(withoutPrototypes(JSON.parse(input)))).toBe(output)
  })

  test.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('appendix B: %s is %s', (hex, text) => {
    expect(canonicalize(bits(hex))).toBe(text)
  })

  test.each([
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ])('appendix B: %s is %s, digits that a double may have rounded', (hex, text) => {
    expect(canonicalize(bits(hex))).toBe(text)
    expect(isInexactInteger(bits(hex))).toBe(true)
  })

  test.each(['7fffffffffffffff', '7ff0000000000000', 'fff0000000000000'])('appendix B: %s is refused', hex =>
    expect(refused(bits(hex))).toEqual({ code: 'NUMBER_NOT_FINITE', path: [] }),
  )
})

describe('what is refused', () => {
  class Money {
    amount = 1
  }
  const cycle: unknown[] = []
  cycle.push(cycle)
  test.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a bigint', 1n],
    ['a symbol', Symbol('x')],
    ['a date', new Date(0)],
    ['an instance', new Money()],
    ['a map', new Map()],
    ['a boxed text', Object('x')],
  ])('%s', (_name, value) => {
    expect(refused(value)).toEqual({ code: 'NOT_JSON', path: [] })
    expect(refused({ a: [1, value] })).toEqual({ code: 'NOT_JSON', path: ['a', 1] })
  })
  test('a hole in a list', () => {
    const list: number[] = []
    list[1] = 1
    expect(refused(list)).toEqual({ code: 'NOT_JSON', path: [0] })
  })
  test('a cycle, as too deep', () => expect(refused(cycle).code).toBe('TOO_DEEP'))
  test('halves of surrogate pairs, in texts and keys', () => {
    expect(refused(['\ud800'])).toEqual({ code: 'LONE_SURROGATE', path: [0] })
    expect(refused({ a: 'x\udc00' })).toEqual({ code: 'LONE_SURROGATE', path: ['a'] })
    expect(refused({ '\ud800': 1 })).toEqual({ code: 'LONE_SURROGATE', path: ['\ud800'] })
  })
  test('nesting beyond the limit, and not before', () => {
    const nest = (depth: number): Json => (depth === 0 ? 1 : [nest(depth - 1)])
    expect(canonicalize(nest(MAX_DEPTH))).toBe(`${'['.repeat(MAX_DEPTH)}1${']'.repeat(MAX_DEPTH)}`)
    expect(refused(nest(MAX_DEPTH + 1)).code).toBe('TOO_DEEP')
  })
})

describe('objects', () => {
  test('`__proto__` and `constructor` are fields', () => {
    const row = newRow()
    for (const [field, value] of [['constructor', 1] as const, ['__proto__', { a: 1 }] as const]) row[field] = value
    expect(canonicalize(row)).toBe('{"__proto__":{"a":1},"constructor":1}')
    expect(canonicalize(JSON.parse('{"__proto__":1}'))).toBe('{"__proto__":1}')
  })
  test('only own enumerable fields with text keys count', () => {
    const value = { b: 1, [Symbol('s')]: 2 }
    Object.defineProperty(value, 'hidden', { value: 3, enumerable: false })
    expect(canonicalize(value)).toBe('{"b":1}')
  })
  test('more keys than shapes are kept for', () => {
    const row = newRow()
    for (let i = 0; i < 1000; i++) row[`k${(i * 7919) % 1000}`] = i
    expect(Object.keys(JSON.parse(canonicalize(row)))).toEqual(Object.keys(row).sort())
  })
  test('more shapes than are kept', () => {
    for (let i = 0; i < 25_000; i++) {
      const row = newRow()
      row[`z${i}`] = i
      row.a = null
      expect(canonicalize(row)).toBe(`{"a":null,"z${i}":${i}}`)
    }
  })
})

describe('properties', () => {
  test('a text is found canonical exactly if it is what would be written', () => {
    const texts = fc.oneof(
      fc.json(),
      fc.jsonValue().map(value => JSON.stringify(value)),
      fc.jsonValue().map(value => (isJsonText(value) ? canonicalize(value as Json) : 'null')),
      fc.constantFrom(
        '-0',
        '1e400',
        '9007199254740993',
        '1.0',
        '{"b":1,"a":2}',
        '{"a":1,"a":1}',
        '"\\ud800"',
        '"\\u0001"',
        ' 1',
        '1e21',
        '1e+21',
      ),
    )
    fc.assert(
      fc.property(texts, text => {
        const value = JSON.parse(text) as Json
        const written = isJsonText(value) ? canonicalize(value) : null
        if (written === null) expect(() => isCanonical(value, text)).toThrow()
        else expect(isCanonical(value, text)).toBe(written === text)
      }),
    )
  })
  test('reading the text gives the value, and its text again is the same', () => {
    fc.assert(
      fc.property(json, value => {
        const text = canonicalize(value as Json)
        expect(canonicalize(JSON.parse(text))).toBe(text)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
  test('the order of keys makes no difference; they come by UTF-16 units', () => {
    const keys = fc.uniqueArray(fc.string({ unit: anyCharacter }), { maxLength: 12 })
    fc.assert(
      fc.property(keys, fc.nat(), (names, seed) => {
        const shuffled = names.map((name, i) => ({ name, by: (i * 31 + seed) % 7 })).sort((a, b) => a.by - b.by)
        const one = newRow()
        const other = newRow()
        for (const name of names) one[name] = name
        for (const { name } of shuffled) other[name] = name
        const text = `{${[...names]
          .sort()
          .map(name => `${JSON.stringify(name)}:${JSON.stringify(name)}`)
          .join(',')}}`
        expect(canonicalize(one)).toBe(text)
        expect(canonicalize(other)).toBe(text)
      }),
    )
  })
  test('any text is written as JSON.stringify writes it, or refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map(n => String.fromCharCode(n)) }), text => {
        if (text.isWellFormed()) expect(canonicalize(text)).toBe(JSON.stringify(text))
        else expect(refused(text).code).toBe('LONE_SURROGATE')
      }),
    )
  })
  test('any double is written as JSON.stringify writes it, or refused', () => {
    fc.assert(
      fc.property(fc.double(), value => {
        if (!Number.isFinite(value)) expect(refused(value).code).toBe('NUMBER_NOT_FINITE')
        else expect(canonicalize(value)).toBe(JSON.stringify(value))
      }),
    )
  })
})

describe('rounded', () => {
  test.each([
    ['9007199254740991', false],
    ['9007199254740992', false],
    ['9007199254740993', true],
    ['-9007199254740993', true],
    ['00100000000000000000000', false],
    ['1000000000000000000000', false],
    ['18446744073709551616', false],
    ['18446744073709552000', false],
    ['18446744073709551617', true],
    ['12345678901234567890', true],
    ['12345678901234567000.0', false],
    ['1e16', false],
    ['1.5e18', false],
    ['-6.02e20', false],
    ['6.02E+23', false],
    ['1e22', false],
    ['0.00001e21', false],
    ['10000000000000000.0', false],
    ['12345678901234567.5', false],
    ['1234567890123456.75e1', false],
    ['12345678901234567.0', true],
    ['1.2345678901234567e16', true],
    ['1.23456789012345675e16', false],
    ['1.2345678901234567891e19', true],
    ['100000000000000000000000e-4', false],
    ['100000000000000000001000e-4', false],
    ['100000000000000000010000e-4', true],
    ['1.5', false],
    ['0.1', false],
  ])('%s: %s', (decimal, rounded) => expect(isRounded(decimal, Number(decimal))).toBe(rounded))

  test('a whole number is exact where its double’s text has its digits, with any exponent', () => {
    const digits = fc.bigInt({ min: 1n, max: 10n ** 22n })
    fc.assert(
      fc.property(digits, fc.nat(6), (whole, zeros) => {
        const value = Number(whole)
        expect(isRounded(`${whole}`, value)).toBe(BigInt(value) !== whole && `${value}` !== `${whole}`)
        const exact = Number.isSafeInteger(value) || `${value}` === `${whole}`
        if (value >= 1e21) return
        expect(isRounded(`${whole}${'0'.repeat(zeros)}e-${zeros}`, value)).toBe(!exact)
        expect(isRounded(`${whole}.${'0'.repeat(zeros + 1)}`, value)).toBe(!exact)
      }),
    )
  })
})

/** Whether it has a canonical text. */
function isJsonText(value: unknown): boolean {
  try {
    canonicalize(value as Json)
    return true
  } catch (error) {
    if (error instanceof NotJsonError) return false
    throw error
  }
}
