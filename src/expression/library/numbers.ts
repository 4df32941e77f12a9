/** Mathematics, under the names of CEL's extension for it. */
import { Decimal, type RoundingMode } from '../../model/decimal.ts'
import { checkDecimal, isNumber, jointDecimal, toDecimal } from '../decimals.ts'
import { fault } from '../faults.ts'
import { checkInt, ordered, unusable } from '../operators.ts'
import { DOUBLE_BOUNDS, either, INT_BOUNDS, type Possible } from '../total/possible.ts'
import {
  ANY,
  BOOL,
  DECIMAL,
  DOUBLE,
  decimalOf,
  INT,
  isNumeric,
  type Kind,
  notNull,
  type Type,
  unify,
} from '../types.ts'
import type { Value } from '../values.ts'
import { type FunctionGroup, type More, type Overload, overload, total } from './spec.ts'

const itself = ([value]: readonly Possible[]) => value as Possible

const rounding = (mode: RoundingMode, round: (value: number) => number): readonly Overload[] => [
  total(['int'], INT, ([value]) => value, { results: itself }),
  total(['double'], DOUBLE, ([value]) => round(value)),
  overload(['decimal'], decimalOf(0), ([value], at) => checkDecimal(value.round(0, mode), at)),
]

/** A decimal where one is, integers an integer, doubles a double, otherwise any of them. */
const alike = (types: readonly Type[]): Type => {
  const decimal = types.some(({ kind }) => kind === 'decimal')
  if (!types.every(isNumeric)) return decimal ? DECIMAL : ANY
  if (!decimal && new Set(types.map(({ kind }) => kind)).size > 1) return ANY
  return notNull(types.reduce((a, b) => unify(a, b) ?? jointDecimal(a, b) ?? DECIMAL))
}

const always = (value: boolean): readonly Overload[] => [
  total(['double'], BOOL, () => value),
  total(['int'], BOOL, () => value),
  total(['decimal'], BOOL, () => value),
]
const bits = (combine: (a: bigint, b: bigint) => bigint): readonly Overload[] => [
  total(['int', 'int'], INT, ([a, b]) => combine(a, b)),
]
const shifting = (shift: (value: bigint, by: bigint) => bigint): readonly Overload[] => [
  overload(
    ['int', 'int'],
    INT,
    ([value, by], at) => {
      if (by < 0n) return fault('ARGUMENT_INVALID', `${at}: the number of bits is negative`)
      return by > 63n ? 0n : shift(value, by)
    },
    { fails: ([, by], [, name]) => ((by?.int[0] ?? -1n) >= 0n ? null : `${name} is negative`) },
  ),
]

/** The first of those that are least or greatest, as a decimal if one of them is. */
function extremeOf(op: '<' | '>', values: readonly Value[], at: string): Value {
  const numbers = values.map(each => (isNumber(each) ? each : unusable(each, at, 'each must be a number')))
  const found = numbers.reduce((best, each) => (ordered(op, each, best, at) ? each : best))
  return numbers.some(each => each instanceof Decimal) ? toDecimal(found, at) : found
}

/** Of a double beside a decimal: no more is known to be a decimal than one number. */
const unlessWritten = (possible: Possible | undefined, name: string | undefined): string | null => {
  const [least, most] = possible?.double ?? DOUBLE_BOUNDS
  return least === most && Decimal.of(least) !== null ? null : `${name} may have too many digits for a decimal`
}

const extreme = (op: '<' | '>'): readonly Overload[] => {
  const both = (a: Kind, b: Kind, more: More = {}) =>
    total(
      [a, b],
      alike([
        { kind: a, nullable: false },
        { kind: b, nullable: false },
      ]),
      (values, at) => extremeOf(op, values, at),
      { giving: alike, ...more },
    )
  const results = ([x, y]: readonly Possible[]) => either(x as Possible, y as Possible)
  const numbers = (count: number) =>
    overload(
      Array.from({ length: count }, (): Kind => 'any'),
      ANY,
      (values, at) => extremeOf(op, values, at),
      { giving: alike },
    )
  return [
    total(['int'], INT, ([value]) => value, { results: itself }),
    total(['double'], DOUBLE, ([value]) => value, { results: itself }),
    total(['decimal'], DECIMAL, ([value]) => value, { giving: alike, results: itself }),
    both('int', 'int', { results }),
    both('decimal', 'decimal', { results }),
    both('int', 'decimal'),
    both('decimal', 'int'),
    both('double', 'decimal', { fails: ([double], [name]) => unlessWritten(double, name) }),
    both('decimal', 'double', { fails: ([, double], [, name]) => unlessWritten(double, name) }),
    both('double', 'double', { results }),
    both('int', 'double', { results }),
    both('double', 'int', { results }),
    overload(
      ['list'],
      ANY,
      ([values], at) =>
        values.length === 0 ? fault('INDEX_OUT_OF_RANGE', `${at}: the list is empty`) : extremeOf(op, values, at),
      { giving: ([list]) => alike([list?.of ?? ANY]) },
    ),
    ...[3, 4, 5, 6].map(numbers),
  ]
}

function root(value: number, at: string): number {
  return value < 0 ? fault('NUMBER_NOT_FINITE', `${at}: the number is negative`) : Math.sqrt(value)
}

const ofDecimals =
  'If one of them is a decimal, so is the result: an integer or a double counts as one, a double as the shortest text that says it. Of a field with a scale, such as `decimal(2)`, the integer 0 gives `0.00`.'
const math = { form: 'function', from: 'CEL math' } as const
export const NUMBERS: FunctionGroup = {
  title: 'Numbers',
  functions: [
    {
      ...math,
      name: 'math.abs',
      summary: 'The number without its sign.',
      overloads: [
        overload(['int'], INT, ([value], at) => checkInt(value < 0n ? -value : value, at), {
          fails: ([value], [name]) => (value?.int[0] === INT_BOUNDS[0] ? `${name} is the least integer` : null),
        }),
        total(['double'], DOUBLE, ([value]) => Math.abs(value)),
        total(['decimal'], DECIMAL, ([value]) => value.abs(), { giving: alike }),
      ],
      examples: [['math.abs(-5)', 5]],
      errors: { INTEGER_OVERFLOW: 'math.abs(-9223372036854775808)' },
    },
    {
      ...math,
      name: 'math.ceil',
      summary: 'The whole number that isn’t less, of the type that the number has.',
      overloads: rounding('ceil', Math.ceil),
      examples: [
        ['math.ceil(1.2)', 2],
        ['math.ceil(decimal("1.20"))', '2'],
      ],
    },
    {
      ...math,
      name: 'math.floor',
      summary: 'The whole number that isn’t greater, of the type that the number has.',
      overloads: rounding('floor', Math.floor),
      examples: [['math.floor(-1.2)', -2]],
    },
    {
      ...math,
      name: 'math.trunc',
      summary: 'The number without its fraction.',
      overloads: rounding('trunc', Math.trunc),
      examples: [['math.trunc(-1.8)', -1]],
    },
    {
      ...math,
      name: 'math.round',
      summary: 'The nearest whole number; halves go away from zero.',
      overloads: rounding('halfExpand', value => Math.sign(value) * Math.round(Math.abs(value))),
      examples: [
        ['math.round(2.5)', 3],
        ['math.round(-2.5)', -3],
      ],
    },
    {
      ...math,
      name: 'math.least',
      summary: 'The least of up to six numbers, or of a list of numbers.',
      details: ofDecimals,
      overloads: extreme('<'),
      examples: [
        ['math.least(3, 2.5)', 2.5],
        ['math.least([4, 2, 9])', 2],
      ],
      errors: { INDEX_OUT_OF_RANGE: 'math.least([])', DECIMAL_OVERFLOW: 'math.least(decimal(1), -1e300)' },
    },
    {
      ...math,
      name: 'math.greatest',
      summary: 'The greatest of up to six numbers, or of a list of numbers.',
      details: ofDecimals,
      overloads: extreme('>'),
      examples: [
        ['math.greatest([1, 5, 3])', 5],
        ['math.greatest(decimal("-2.50"), 0)', '0'],
      ],
      errors: { INDEX_OUT_OF_RANGE: 'math.greatest([])', DECIMAL_OVERFLOW: 'math.greatest(decimal(1), 1e300)' },
    },
    {
      ...math,
      name: 'math.sign',
      summary: 'The sign of the number: -1, 0 or 1.',
      overloads: [
        total(['int'], INT, ([value]) => (value < 0n ? -1n : value > 0n ? 1n : 0n)),
        total(['double'], DOUBLE, ([value]) => Math.sign(value)),
        total(['decimal'], INT, ([value]) => BigInt(value.sign())),
      ],
      examples: [['math.sign(-42)', -1]],
    },
    {
      ...math,
      name: 'math.sqrt',
      summary: 'The square root, a double.',
      overloads: [
        overload(['double'], DOUBLE, ([value], at) => root(value, at)),
        overload(['int'], DOUBLE, ([value], at) => root(Number(value), at)),
        overload(['decimal'], DOUBLE, ([value], at) => root(value.toNumber(), at)),
      ],
      examples: [['math.sqrt(81)', 9]],
      errors: { NUMBER_NOT_FINITE: 'math.sqrt(-1.0)' },
    },
    {
      ...math,
      name: 'math.isNaN',
      summary: 'Always false: no value here is NaN; what would give it is an error.',
      overloads: always(false),
      examples: [['math.isNaN(1.5)', false]],
    },
    {
      ...math,
      name: 'math.isInf',
      summary: 'Always false: no value here is infinite; what would be is an error.',
      overloads: always(false),
      examples: [['math.isInf(1.5)', false]],
    },
    {
      ...math,
      name: 'math.isFinite',
      summary: 'Always true, as all numbers here are finite.',
      overloads: always(true),
      examples: [['math.isFinite(1.5)', true]],
    },
    {
      ...math,
      name: 'math.bitAnd',
      summary: 'The bits that both integers have.',
      overloads: bits((a, b) => a & b),
      examples: [['math.bitAnd(6, 3)', 2]],
    },
    {
      ...math,
      name: 'math.bitOr',
      summary: 'The bits that either integer has.',
      overloads: bits((a, b) => a | b),
      examples: [['math.bitOr(6, 3)', 7]],
    },
    {
      ...math,
      name: 'math.bitXor',
      summary: 'The bits that one of the integers has.',
      overloads: bits((a, b) => a ^ b),
      examples: [['math.bitXor(6, 3)', 5]],
    },
    {
      ...math,
      name: 'math.bitNot',
      summary: 'The bits that the integer doesn’t have.',
      overloads: [total(['int'], INT, ([value]) => ~value)],
      examples: [['math.bitNot(1)', -2]],
    },
    {
      ...math,
      name: 'math.bitShiftLeft',
      summary: 'The 64 bits of the integer, moved to the left; zeros come in.',
      overloads: shifting((value, by) => BigInt.asIntN(64, value << by)),
      examples: [['math.bitShiftLeft(1, 3)', 8]],
      errors: { ARGUMENT_INVALID: 'math.bitShiftLeft(1, -1)' },
    },
    {
      ...math,
      name: 'math.bitShiftRight',
      summary: 'The 64 bits of the integer, moved to the right; zeros come in.',
      overloads: shifting((value, by) => BigInt.asIntN(64, BigInt.asUintN(64, value) >> by)),
      examples: [['math.bitShiftRight(16, 2)', 4]],
      errors: { ARGUMENT_INVALID: 'math.bitShiftRight(1, -1)' },
    },
  ],
}
