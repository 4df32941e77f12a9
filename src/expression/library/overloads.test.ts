/** What each function says of itself, held against what it does with random values of the kinds that it takes. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anyCharacter } from '../../../test/support/any-character.ts'
import { LONG } from '../../../test/support/form.ts'
import { Decimal } from '../../model/decimal.ts'
import { type ExpressionErrorCode, Fault } from '../faults.ts'
import { Secret } from '../secret.ts'
import { anyOf, exactly, type Possible } from '../total/possible.ts'
import type { Kind } from '../types.ts'
import { Duration, kindOf, NONE, Optional, Timestamp, TYPE_VALUES, type Value } from '../values.ts'
import { ALL_FUNCTIONS } from './index.ts'
import type { FunctionSpec, Overload } from './spec.ts'

const WORDS = [
  '',
  'a',
  'ab',
  ' a b ',
  '😀',
  'Größe',
  '(',
  '(a)',
  '(?P<x>a)',
  '\\1',
  '%s',
  '%.2f',
  'NFC',
  'de',
  'UTC',
  '+05:30',
]
  .concat([
    'Europe/Berlin',
    '2026-03-31',
    '31.12.2025',
    'yyyy-MM-dd',
    'dd.MM.yyyy',
    'constructor',
    '__proto__',
    'valueOf',
    'dns',
    'months',
    'working_days',
    'halfEven',
  ])
  .concat([
    '1.234,5',
    '1,234.5',
    '[1]',
    'YQ==',
    'a@b.example',
    'https://a.example/b?c=d',
    '\ud800',
    '\0',
    '9223372036854775807',
  ])
const INTS = [0n, 1n, -1n, 2n, 3n, 5n, 10n, 64n, 400n, -12n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)]
const DOUBLES = [0, 1, -1, 0.5, 2.5, -2.5, 1e21, 1.7e308, -1.7e308, 5e-324, 1234.565]
const DECIMALS = [
  '0',
  '0.00',
  '1.5',
  '-2.50',
  '3903.70',
  '9'.repeat(100),
  `0.${'0'.repeat(98)}1`,
  '9223372036854775808',
]
  .map(text => Decimal.parse(text))
  .filter(each => each !== null)
const INSTANTS = [
  0n,
  -1n,
  10n ** 18n,
  1_774_958_400_123_456_789n,
  -62_135_596_800_000_000_000n,
  253_402_300_799_000_000_000n,
]

const atom: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(...WORDS),
  fc.constantFrom<Value>(...INTS),
  fc.constantFrom<Value>(...DOUBLES),
  fc.constantFrom<Value>(...DECIMALS),
  fc.constantFrom<Value>(null, true, false, NONE, new Optional(1n), new Timestamp(0n), new Duration(5n)),
)
const text: fc.Arbitrary<Value> = fc.oneof(fc.constantFrom(...WORDS), fc.string({ unit: anyCharacter, maxLength: 12 }))
const key: fc.Arbitrary<Value> = fc.oneof(text, fc.constantFrom<Value>(...INTS), fc.boolean())
const list: fc.Arbitrary<Value> = fc.oneof(
  fc.array(text, { maxLength: 4 }),
  fc.array(fc.constantFrom<Value>(...INTS, ...DOUBLES), { maxLength: 4 }),
  fc.array(fc.constantFrom<Value>(...DECIMALS, 0.1, 2n), { maxLength: 4 }),
  fc.array(fc.oneof(atom, fc.array(atom, { maxLength: 3 })), { maxLength: 4 }),
)
const map: fc.Arbitrary<Value> = fc.array(fc.tuple(key, atom), { maxLength: 4 }).map(entries => new Map(entries))

const OF_KIND: { readonly [K in Kind]: fc.Arbitrary<Value> } = {
  any: fc.oneof(atom, list, map),
  null: fc.constant(null),
  bool: fc.boolean(),
  int: fc.oneof(fc.constantFrom(...INTS), fc.bigInt({ min: -20n, max: 20n })),
  double: fc.oneof(fc.constantFrom(...DOUBLES), fc.double({ noNaN: true, noDefaultInfinity: true })),
  decimal: fc.constantFrom(...DECIMALS),
  string: text,
  list,
  map,
  timestamp: fc.constantFrom(...INSTANTS).map(ns => new Timestamp(ns)),
  duration: fc.constantFrom(0n, 1n, -1n, 90_000_000_000n).map(ns => new Duration(ns)),
  optional: atom.map(value => new Optional(value)),
  type: fc.constantFrom(...TYPE_VALUES.values()),
  secret: fc.constant(new Secret('key')),
}

/** Whether the set has the value, by what it says of values of its kind. */
function has(set: Possible, value: Value): boolean {
  if (!set.kinds.has(kindOf(value))) return false
  if (typeof value === 'bigint') return value >= set.int[0] && value <= set.int[1] && !(set.nonzero && value === 0n)
  if (typeof value === 'number') return value >= set.double[0] && value <= set.double[1]
  if (typeof value === 'string') return value.length <= set.length
  const within = (each: Value) => set.of === null || has(set.of, each)
  if (value instanceof Optional) return value.value === undefined || within(value.value)
  if (Array.isArray(value)) return value.length >= set.size[0] && value.length <= set.size[1] && value.every(within)
  return !(value instanceof Map) || (value.size >= set.size[0] && value.size <= set.size[1])
}

function outcome(overload: Overload, args: readonly Value[]): { readonly value: Value } | { readonly fault: Fault } {
  try {
    return { value: overload.run(args, 'call') }
  } catch (error) {
    if (error instanceof Fault) return { fault: error }
    throw error
  }
}

function judge(spec: FunctionSpec, overload: Overload, args: readonly Value[]): void {
  const found = outcome(overload, args)
  const names = args.map((_, i) => `\`${i}\``)
  const exact = args.map(exactly)
  const wide = args.map(each => anyOf([kindOf(each)]))
  if ('fault' in found) {
    const allowed: readonly ExpressionErrorCode[] = ['VALUE_NULL', 'TYPE_MISMATCH']
    const listed = Object.keys(spec.errors ?? {})
    expect([...allowed, ...listed]).toContain(found.fault.code)
    // Where all arguments are known, the plan evaluates the call instead of asking.
    expect(overload.fails?.(wide, names)).not.toBe(null)
    return
  }
  const { value } = found
  const kind = overload.gives.kind
  if (kind !== 'any') expect(kindOf(value)).toBe(kind)
  for (const possible of [exact, wide]) {
    const results = overload.results?.(possible)
    if (results !== undefined) expect(has(results, value)).toBe(true)
  }
}

const calls = ALL_FUNCTIONS.flatMap(spec =>
  spec.overloads.map((overload, i) => ({ spec, overload, name: `${spec.name} ${i}` })),
)

test.each(calls)('$name gives what it says, or fails as it says', ({ spec, overload }) => {
  const args = fc.tuple(...overload.takes.map(kind => OF_KIND[kind]))
  fc.assert(
    fc.property(args, values => judge(spec, overload, values)),
    { numRuns: LONG ? 400 : 150 },
  )
})
