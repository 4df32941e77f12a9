/** Mathematics, under the names of CEL's extension for it. */
import { fault } from '../faults.ts'
import { checkInt, ordered } from '../operators.ts'
import { either, INT_BOUNDS, type Possible } from '../total/possible.ts'
import { ANY, DOUBLE, INT, type Kind, type Type } from '../types.ts'
import type { Value } from '../values.ts'
import { type FunctionGroup, type Overload, overload, total } from './spec.ts'

const itself = ([value]: readonly Possible[]) => value as Possible

const rounding = (round: (value: number) => number): readonly Overload[] => [
  total(['int'], INT, ([value]) => value, { results: itself }),
  total(['double'], DOUBLE, ([value]) => round(value)),
]

/** The first of those that are least or greatest. */
const extreme = (op: '<' | '>'): readonly Overload[] => {
  const pick = (values: readonly Value[], at: string) =>
    values.reduce((best, each) => (ordered(op, each, best, at) ? each : best))
  const both = (a: Kind, b: Kind, gives: Type) =>
    total([a, b], gives, pick, { results: ([x, y]) => either(x as Possible, y as Possible) })
  return [
    both('int', 'int', INT),
    both('double', 'double', DOUBLE),
    both('int', 'double', ANY),
    both('double', 'int', ANY),
    overload(['list'], ANY, ([values], at) =>
      values.length === 0 ? fault('INDEX_OUT_OF_RANGE', `${at}: the list is empty`) : pick(values, at),
    ),
  ]
}

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
      ],
      examples: [['math.abs(-5)', 5]],
      errors: { INTEGER_OVERFLOW: 'math.abs(-9223372036854775808)' },
    },
    {
      ...math,
      name: 'math.ceil',
      summary: 'The whole number that isn’t less. Of a decimal it is a decimal.',
      overloads: rounding(Math.ceil),
      examples: [['math.ceil(1.2)', 2]],
    },
    {
      ...math,
      name: 'math.floor',
      summary: 'The whole number that isn’t greater. Of a decimal it is a decimal.',
      overloads: rounding(Math.floor),
      examples: [['math.floor(-1.2)', -2]],
    },
    {
      ...math,
      name: 'math.trunc',
      summary: 'The number without its fraction.',
      overloads: rounding(Math.trunc),
      examples: [['math.trunc(-1.8)', -1]],
    },
    {
      ...math,
      name: 'math.round',
      summary: 'The nearest whole number; halves go away from zero.',
      overloads: rounding(value => Math.sign(value) * Math.round(Math.abs(value))),
      examples: [
        ['math.round(2.5)', 3],
        ['math.round(-2.5)', -3],
      ],
    },
    {
      ...math,
      name: 'math.least',
      summary: 'The least of two numbers, or of a list.',
      overloads: extreme('<'),
      examples: [
        ['math.least(3, 2.5)', 2.5],
        ['math.least([4, 2, 9])', 2],
      ],
      errors: { INDEX_OUT_OF_RANGE: 'math.least([])' },
    },
    {
      ...math,
      name: 'math.greatest',
      summary: 'The greatest of two numbers, or of a list.',
      overloads: extreme('>'),
      examples: [['math.greatest([1, 5, 3])', 5]],
      errors: { INDEX_OUT_OF_RANGE: 'math.greatest([])' },
    },
  ],
}
