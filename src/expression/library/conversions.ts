/** Conversions between types. Strict: surrounding blanks, empty texts, hexadecimal and `inf` aren't numbers. */
import { hasVanished } from '../../model/canonical.ts'
import { Decimal } from '../../model/decimal.ts'
import { MAX_DECIMAL_DIGITS } from '../../model/decimal-text.ts'
import { checkDecimal, toDecimal } from '../decimals.ts'
import { fault } from '../faults.ts'
import { checkFinite, checkTimestamp } from '../operators.ts'
import { parseDuration, parseTimestamp, quote } from '../time.ts'
import { never } from '../total/fails.ts'
import { anyOf, asDoubles, INT_BOUNDS, type Possible } from '../total/possible.ts'
import {
  ANY,
  BOOL,
  DECIMAL,
  DOUBLE,
  DURATION,
  decimalOf,
  INT,
  type Kind,
  notNull,
  STRING,
  TIMESTAMP,
  TYPE,
  type Type,
} from '../types.ts'
import { floorDivide, formatDuration, formatTimestamp, Timestamp, typeValueOf } from '../values.ts'
import { type FunctionGroup, type More, type Overload, overload, total } from './spec.ts'

const itself = ([value]: readonly Possible[]) => value as Possible
const same = (kind: Kind, gives: Type): Overload => total([kind], gives, ([value]) => value, { results: itself })

/** It fails where the text isn’t `what`. */
const unless = (what: string): More => ({ fails: (_args, [name]) => `${name} isn’t ${what}` })
const written: More = { fails: never, results: () => anyOf(['string'], { length: 50 }) }

const MAX_INT = 2n ** 63n - 1n
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'true', 'TRUE', 'True'].map(text => [text, true] as const),
  ...['0', 'f', 'false', 'FALSE', 'False'].map(text => [text, false] as const),
])

function intOfText(text: string): bigint {
  if (!/^[+-]?\d{1,19}$/.test(text)) return fault('CONVERSION_FAILED', `${quote(text)} isn’t an integer`)
  const value = BigInt(text.replace(/^\+/, ''))
  if (value > MAX_INT || value < -MAX_INT - 1n) return fault('INTEGER_OVERFLOW', `${text} is too large for an integer`)
  return value
}

function intOfDouble(value: number, at: string): bigint {
  const whole = BigInt(Math.trunc(value))
  if (whole > MAX_INT || whole < -MAX_INT - 1n)
    fault('INTEGER_OVERFLOW', `${at}: the number is too large for an integer`)
  return whole
}

/** Bounds of the integers that doubles of these bounds become; null if they can be too large. */
function wholeOf({ double: [least, most] }: Possible): readonly [bigint, bigint] | null {
  if (!Number.isFinite(least) || !Number.isFinite(most)) return null
  const bounds = [BigInt(Math.trunc(least)), BigInt(Math.trunc(most))] as const
  return bounds[0] < INT_BOUNDS[0] || bounds[1] > INT_BOUNDS[1] ? null : bounds
}

function doubleOfText(text: string, at: string): number {
  if (!NUMBER.test(text)) return fault('CONVERSION_FAILED', `${quote(text)} isn’t a number`)
  const value = Number(text)
  if (hasVanished(text, value))
    return fault('CONVERSION_FAILED', `${quote(text)} is too near to zero for a double to be told from it`)
  return checkFinite(value, at)
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

function decimalOfText(text: string, at: string): Decimal {
  if (!NUMBER.test(text)) return fault('CONVERSION_FAILED', `${quote(text)} isn’t a number`)
  // As JSON writes it: digits on both sides of the point.
  const plain = text
    .replace('+', '')
    .replace(/(^|-)\./, '$10.')
    .replace(/\.(?=$|[eE])/, '')
  return checkDecimal(Decimal.parse(plain), at)
}

function intOfDecimal(value: Decimal, at: string): bigint {
  const whole = value.toBigInt()
  if (whole > MAX_INT || whole < -MAX_INT - 1n)
    fault('INTEGER_OVERFLOW', `${at}: the number is too large for an integer`)
  return whole
}

const toInt: readonly Overload[] = [
  same('int', INT),
  overload(['decimal'], INT, ([value], at) => intOfDecimal(value, at)),
  overload(['double'], INT, ([value], at) => intOfDouble(value, at), {
    fails: ([value], [name]) => (wholeOf(value as Possible) === null ? `${name} is too large for an integer` : null),
    results: ([value]) => anyOf(['int'], { int: wholeOf(value as Possible) ?? INT_BOUNDS }),
  }),
  overload(['string'], INT, ([text]) => intOfText(text), unless('an integer of 64 bits')),
  total(['timestamp'], INT, ([at]) => floorDivide(at.ns, 1_000_000_000n)),
]

const toDouble: readonly Overload[] = [
  same('double', DOUBLE),
  total(['decimal'], DOUBLE, ([value]) => value.toNumber()),
  total(['int'], DOUBLE, ([value]) => Number(value), { results: ([value]) => asDoubles(value as Possible) }),
  overload(['string'], DOUBLE, ([text], at) => doubleOfText(text, at), unless('a number')),
]

const toDecimals: readonly Overload[] = [
  total(['decimal'], DECIMAL, ([value]) => value, { giving: ([type]) => notNull(type ?? DECIMAL), results: itself }),
  total(['int'], decimalOf(0), ([value]) => toDecimal(value, '')),
  overload(['double'], DECIMAL, ([value], at) => toDecimal(value, at)),
  overload(['string'], DECIMAL, ([text], at) => decimalOfText(text, at), unless('a decimal')),
]

const toText: readonly Overload[] = [
  same('string', STRING),
  total(['int'], STRING, ([value]) => String(value), written),
  total(['double'], STRING, ([value]) => String(value), written),
  total(['decimal'], STRING, ([value]) => String(value), {
    results: () => anyOf(['string'], { length: MAX_DECIMAL_DIGITS + 2 }),
  }),
  total(['bool'], STRING, ([value]) => String(value), written),
  total(['timestamp'], STRING, ([value]) => formatTimestamp(value), written),
  total(['duration'], STRING, ([value]) => formatDuration(value), written),
]

const toBool: readonly Overload[] = [
  same('bool', BOOL),
  overload(
    ['string'],
    BOOL,
    ([text]) => BOOLEANS.get(text) ?? fault('CONVERSION_FAILED', `${quote(text)} is neither true nor false`),
    unless('true or false'),
  ),
]

const toTimestamp: readonly Overload[] = [
  same('timestamp', TIMESTAMP),
  overload(['string'], TIMESTAMP, ([text]) => parseTimestamp(text), unless('a timestamp')),
  overload(
    ['int'],
    TIMESTAMP,
    ([seconds]) => checkTimestamp(new Timestamp(seconds * 1_000_000_000n)),
    unless('between the years 1 and 9999'),
  ),
]

const toDuration: readonly Overload[] = [
  same('duration', DURATION),
  overload(['string'], DURATION, ([text]) => parseDuration(text), unless('a duration')),
]

const conversion = { form: 'function', from: 'CEL' } as const
export const CONVERSIONS: FunctionGroup = {
  title: 'Types and conversions',
  functions: [
    {
      ...conversion,
      name: 'int',
      summary:
        'The integer that a text says, that is left of a number without its fraction, or the seconds of a timestamp since 1970.',
      overloads: toInt,
      examples: [
        ['int("42")', 42],
        ['int(-1.9)', -1],
        ['int(timestamp("1970-01-01T00:01:00Z"))', 60],
      ],
      errors: { CONVERSION_FAILED: 'int(" 42")', INTEGER_OVERFLOW: 'int(1e300)' },
    },
    {
      ...conversion,
      name: 'double',
      summary:
        'The double of an integer or a decimal, the nearest one, or that a text says: with a point, without blanks or separators.',
      overloads: toDouble,
      examples: [
        ['double("2.50")', 2.5],
        ['double(decimal("2.50"))', 2.5],
        ['double(3) / 2.0', 1.5],
      ],
      errors: { CONVERSION_FAILED: 'double("3.903,70")', NUMBER_NOT_FINITE: 'double("1e999")' },
    },
    {
      name: 'decimal',
      form: 'function',
      from: 'Custody',
      summary:
        'The decimal that a text says, with all its digits, or of an integer; of a double the shortest decimal that says it, or the integer that it is.',
      details:
        'Decimals are exact: sums, differences and products have as many digits as they need, up to 100. A quotient that has more is rounded to 34 digits, halves to the even one. An integer or a double beside a decimal counts as one, a double as the shortest text that says it, or as the integer that it is: beyond 2^53 that has digits of its own. As a result a decimal is a text.',
      overloads: toDecimals,
      examples: [
        ['decimal("3903.70")', '3903.70'],
        ['decimal("0.10") + decimal("0.2")', '0.30'],
        ['decimal("19.99") * 3', '59.97'],
        ['decimal("10.00") / 4', '2.50'],
        ['decimal(1) / 3', '0.3333333333333333333333333333333333'],
        ['decimal("0.1") == 0.1', true],
        ['decimal(0.1)', '0.1'],
        ['decimal(1e23)', '99999999999999991611392'],
        ['decimal(1e23) == 1e23', true],
      ],
      errors: { CONVERSION_FAILED: 'decimal("3.903,70")', DECIMAL_OVERFLOW: 'decimal(1e300)' },
    },
    {
      ...conversion,
      name: 'string',
      summary: 'The value as a text: numbers with a point, timestamps in UTC, durations in seconds.',
      overloads: toText,
      examples: [
        ['string(2.50)', '2.5'],
        ['string(decimal("2.50"))', '2.50'],
        ['string(duration("1h30m"))', '5400s'],
      ],
    },
    {
      ...conversion,
      name: 'bool',
      summary: 'True for the texts 1, t, true, True and TRUE; false for 0, f, false, False and FALSE.',
      overloads: toBool,
      examples: [['bool("t")', true]],
      errors: { CONVERSION_FAILED: 'bool("yes")' },
    },
    {
      ...conversion,
      name: 'timestamp',
      summary:
        'The point in time that a text of RFC 3339 says, which has an offset or `Z`; or that is so many seconds after 1970. `date.parse` reads other forms.',
      overloads: toTimestamp,
      examples: [['timestamp("2026-03-01T12:00:00+01:00")', '2026-03-01T11:00:00Z']],
      errors: { CONVERSION_FAILED: 'timestamp("2026-03-01")', INTEGER_OVERFLOW: 'timestamp(253402300800)' },
    },
    {
      ...conversion,
      name: 'duration',
      summary: 'A span of time from numbers with the units h, m, s, ms, us and ns.',
      overloads: toDuration,
      examples: [['duration("1h30m") > duration("80m")', true]],
      errors: { CONVERSION_FAILED: 'duration("1 hour")', INTEGER_OVERFLOW: 'duration("99999999h")' },
    },
    {
      ...conversion,
      name: 'dyn',
      summary: 'The value itself, of which the check before the run assumes nothing.',
      overloads: [total(['any'], ANY, ([value]) => value, { results: itself })],
      examples: [['[dyn(1), "a"]', [1, 'a']]],
    },
    {
      ...conversion,
      name: 'type',
      summary:
        'The type of a value, to be compared with null_type, bool, int, double, decimal, string, list, map, timestamp, duration, optional or type.',
      overloads: [total(['any'], TYPE, ([value]) => typeValueOf(value))],
      examples: [['type(2.5) == double', true]],
    },
  ],
}
