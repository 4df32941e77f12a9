/** Lists, under the names of CEL and its extensions where these have them. */
import { isNumber } from '../decimals.ts'
import { fault } from '../faults.ts'
import { arithmetic, limitList, MAX_LIST, ordered, unusable } from '../operators.ts'
import { anyOf, elementsOf, type Possible, within } from '../total/possible.ts'
import { ANY, DECIMAL, DOUBLE, INT, isNumeric, listOf, NUMBERS, notNull, optionalOf, type Type } from '../types.ts'
import { NONE, Optional, type Value } from '../values.ts'
import { distinct } from './identity.ts'
import { type FunctionGroup, type FunctionSpec, type Overload, overload, total } from './spec.ts'

const LIST = listOf(ANY)
const sizeOf = (possible: Possible | undefined) => possible?.size[1] ?? Number.POSITIVE_INFINITY
const upTo = (most: number) => anyOf(['int'], { int: [0n, BigInt(Math.min(most, Number.MAX_SAFE_INTEGER))] })
const elements = ([holder]: readonly Possible[]) => upTo(sizeOf(holder))
/** As many elements at most, and of the same sort. */
const some = ([list]: readonly Possible[]) => anyOf(['list'], { of: within(list as Possible), size: [0, sizeOf(list)] })

const sameList = ([list]: readonly Type[]): Type => (list?.kind === 'list' ? { ...list, nullable: false } : LIST)
const element = ([list]: readonly Type[]): Type => (list?.kind === 'list' ? (list.of ?? ANY) : ANY)
const asOptional = (types: readonly Type[]): Type => optionalOf({ ...element(types), nullable: false })

function countCodePoints(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xd800) count--
  return count
}

/** Null is a value, which an optional may hold, but one of a list counts as missing, as in `list[?0]`. */
const optionalOfElement = (value: Value | undefined) =>
  value === undefined || value === null ? NONE : new Optional(value)
const picking = (at: number): readonly Overload[] => [
  total(['list'], optionalOf(ANY), ([list]) => optionalOfElement(list.at(at)), {
    giving: asOptional,
    results: ([list]) => anyOf(['optional'], { of: within(list as Possible) }),
  }),
]

export const sorted = (values: readonly Value[], at: string): readonly Value[] =>
  values.toSorted((a, b) => (ordered('<', a, b, at) ? -1 : ordered('<', b, a, at) ? 1 : 0))

function extreme(op: '<' | '>', list: readonly Value[], at: string): Value {
  const [first, ...rest] = list
  if (first === undefined) return fault('INDEX_OUT_OF_RANGE', `${at}: the list is empty`)
  return rest.reduce((best, each) => (ordered(op, each, best, at) ? each : best), first)
}

function add(sum: Value, each: Value, at: string): Value {
  if (!isNumber(each)) return unusable(each, at, 'each must be a number')
  return arithmetic('+', sum, each, at)
}
const sum = (list: readonly Value[], at: string) => list.reduce((all, each) => add(all, each, at), 0n)

function mean(list: readonly Value[], at: string): Value {
  if (list.length === 0) return fault('INDEX_OUT_OF_RANGE', `${at}: the list is empty`)
  const total = sum(list, at)
  return arithmetic('/', typeof total === 'bigint' ? Number(total) : total, list.length, at)
}

/** Numbers of one kind add up to one of that kind. */
const sumOf = (types: readonly Type[]): Type => {
  const each = element(types)
  return isNumeric(each) ? notNull(each) : ANY
}
const meanOf = (types: readonly Type[]): Type => {
  const each = element(types)
  return each.kind === 'decimal' ? DECIMAL : isNumeric(each) ? DOUBLE : ANY
}

function slice(list: readonly Value[], start: bigint, end: bigint, at: string): readonly Value[] {
  const [from, to] = [Number(start), Number(end)]
  if (from < 0 || to < from || to > list.length)
    fault('INDEX_OUT_OF_RANGE', `${at}: the list has no positions from ${from} to ${to}`)
  return list.slice(from, to)
}

function flatten(list: readonly Value[], depth: bigint, at: string): readonly Value[] {
  if (depth < 0n) return fault('ARGUMENT_INVALID', `${at}: the depth is negative`)
  const flat: Value[] = []
  const add = (values: readonly Value[], left: bigint): void => {
    for (const each of values) {
      if (Array.isArray(each) && left > 0n) add(each, left - 1n)
      else flat.push(each)
      limitList(flat.length, at)
    }
  }
  add(list, depth)
  return flat
}

function zip(a: readonly Value[], b: readonly Value[], at: string): readonly Value[] {
  if (a.length !== b.length)
    return fault('INDEX_OUT_OF_RANGE', `${at}: the lists have ${a.length} and ${b.length} elements`)
  return a.map((each, i): Value => [each, b[i] ?? null])
}

function range(count: bigint, at: string): readonly Value[] {
  if (count > BigInt(MAX_LIST)) fault('EVALUATION_LIMIT', `${at}: the list becomes too long`)
  return Array.from({ length: Math.max(0, Number(count)) }, (_, i) => BigInt(i))
}

const size: FunctionSpec = {
  name: 'size',
  form: 'both',
  from: 'CEL',
  summary: 'How many characters a text, elements a list, or keys a map has.',
  overloads: [
    total(['string'], INT, ([text]) => BigInt(countCodePoints(text)), {
      results: ([text]) => upTo(text?.length ?? Number.POSITIVE_INFINITY),
    }),
    total(['list'], INT, ([list]) => BigInt(list.length), { results: elements }),
    total(['map'], INT, ([map]) => BigInt(map.size), { results: elements }),
  ],
  examples: [
    ['size("😀é")', 2],
    ['[1, 2].size()', 2],
    ['size({"a": 1})', 1],
  ],
}

const unlessAlike = ([list]: readonly Possible[], [name]: readonly string[]) => {
  const { kinds } = elementsOf(list as Possible)
  const [kind, ...others] = kinds
  const alike = others.length === 0 && [...NUMBERS, 'string', 'bool', 'timestamp', 'duration'].includes(kind ?? 'int')
  return alike ? null : `${name} holds what has no order`
}

const lists = { form: 'method', from: 'CEL lists' } as const
const own = { form: 'method', from: 'Custody' } as const

const ORDERS: readonly FunctionSpec[] = [
  {
    ...lists,
    name: 'sort',
    summary: 'The list in ascending order; its elements are numbers, or all texts, booleans, timestamps or durations.',
    overloads: [
      overload(['list'], LIST, ([list], at) => sorted(list, at), {
        giving: sameList,
        fails: unlessAlike,
        results: some,
      }),
    ],
    examples: [['["b", "a", "Ä"].sort()', ['a', 'b', 'Ä']]],
  },
  {
    ...lists,
    name: 'sortBy',
    summary:
      'The list in ascending order of what is given for each element; where that is equal, in the order that they had.',
    overloads: [],
    signatures: ['list(T).sortBy(x, key) → list(T)'],
    examples: [['[{"n": 2}, {"n": 1}].sortBy(x, x.n)', [{ n: 1 }, { n: 2 }]]],
  },
  {
    ...own,
    name: 'groupBy',
    summary:
      'A map from what is given for each element, a text or an integer, to the list of elements that have it; in the order in which they come.',
    overloads: [],
    signatures: ['list(T).groupBy(x, key) → map'],
    examples: [['["ab", "c", "ad"].groupBy(x, x.charAt(0))', { a: ['ab', 'ad'], c: ['c'] }]],
  },
  {
    ...lists,
    name: 'reverse',
    summary: 'The list, or the characters of a text, from the last to the first.',
    overloads: [
      total(['list'], LIST, ([list]) => list.toReversed(), { giving: sameList, results: some }),
      total(['string'], { kind: 'string', nullable: false }, ([text]) => [...text].reverse().join(''), {
        results: ([text]) => anyOf(['string'], { length: text?.length ?? Number.POSITIVE_INFINITY }),
      }),
    ],
    examples: [
      ['[1, 2, 3].reverse()', [3, 2, 1]],
      ['"abc".reverse()', 'cba'],
    ],
  },
  {
    ...lists,
    name: 'distinct',
    summary: 'The list without elements that equal one before them.',
    overloads: [total(['list'], LIST, ([list]) => distinct(list), { giving: sameList, results: some })],
    examples: [['[1, 2, 1.0, 2].distinct()', [1, 2]]],
  },
]

const PARTS: readonly FunctionSpec[] = [
  {
    name: 'first',
    form: 'method',
    from: 'CEL optional',
    summary: 'The first element as an optional value, which isn’t there where the list is empty.',
    overloads: picking(0),
    examples: [['[7, 8].first().orValue(0)', 7]],
  },
  {
    name: 'last',
    form: 'method',
    from: 'CEL optional',
    summary: 'The last element as an optional value, which isn’t there where the list is empty.',
    overloads: picking(-1),
    examples: [['"a,b".split(",").last().value()', 'b']],
  },
  {
    ...lists,
    name: 'slice',
    parameters: ['start', 'end'],
    summary: 'The elements from a position, from 0, up to another, which isn’t included.',
    overloads: [
      overload(['list', 'int', 'int'], LIST, ([list, start, end], at) => slice(list, start, end, at), {
        giving: sameList,
        fails: (_args, [name]) => `${name} has no such positions`,
        results: some,
      }),
    ],
    examples: [['[1, 2, 3, 4].slice(1, 3)', [2, 3]]],
    errors: { INDEX_OUT_OF_RANGE: '[1].slice(0, 2)' },
  },
  {
    ...lists,
    name: 'flatten',
    parameters: ['depth'],
    summary:
      'The elements, with those of lists among them in place of these; of lists in lists as well, so many levels deep.',
    overloads: [
      overload(['list'], LIST, ([list], at) => flatten(list, 1n, at), { fails: () => 'the list becomes too long' }),
      overload(['list', 'int'], LIST, ([list, depth], at) => flatten(list, depth, at)),
    ],
    examples: [
      ['[1, [2, [3]]].flatten()', [1, 2, [3]]],
      ['[1, [2, [3]]].flatten(2)', [1, 2, 3]],
    ],
    errors: {
      ARGUMENT_INVALID: '[1].flatten(-1)',
      EVALUATION_LIMIT: '[lists.range(600000), lists.range(600000)].flatten()',
    },
  },
  {
    ...own,
    name: 'zip',
    summary: 'Pairs of the elements of two lists that are equally long.',
    overloads: [overload(['list', 'list'], listOf(LIST), ([a, b], at) => zip(a, b, at))],
    examples: [
      [
        '["a", "b"].zip([1, 2])',
        [
          ['a', 1],
          ['b', 2],
        ],
      ],
    ],
    errors: { INDEX_OUT_OF_RANGE: '[1].zip([])' },
  },
  {
    name: 'lists.range',
    form: 'function',
    from: 'CEL lists',
    summary: 'The integers from 0 up to the argument, which isn’t included.',
    overloads: [
      overload(['int'], listOf(INT), ([count], at) => range(count, at), {
        fails: ([count], [name]) => ((count?.int[1] ?? 0n) <= BigInt(MAX_LIST) ? null : `${name} is too large`),
        results: ([count]) =>
          anyOf(['list'], { of: anyOf(['int']), size: [0, Math.max(0, Number(count?.int[1] ?? MAX_LIST))] }),
      }),
    ],
    examples: [['lists.range(3)', [0, 1, 2]]],
    errors: { EVALUATION_LIMIT: 'lists.range(1000001)' },
  },
]

const TOTALS: readonly FunctionSpec[] = [
  {
    ...own,
    name: 'sum',
    summary: 'The sum of the numbers of a list; 0 for an empty list.',
    overloads: [overload(['list'], ANY, ([list], at) => sum(list, at), { giving: sumOf })],
    examples: [
      ['[1, 2, 3].sum()', 6],
      ['[0.5, 1].sum()', 1.5],
      ['[decimal("0.10"), decimal("0.20")].sum()', '0.30'],
    ],
    errors: {
      INTEGER_OVERFLOW: '[9223372036854775807, 1].sum()',
      NUMBER_NOT_FINITE: '[1.7e308, 1.7e308].sum()',
      DECIMAL_OVERFLOW: '[decimal(1), 1e300].sum()',
    },
  },
  {
    ...own,
    name: 'mean',
    summary: 'The mean of the numbers of a list: a double, or a decimal if one of them is.',
    overloads: [overload(['list'], ANY, ([list], at) => mean(list, at), { giving: meanOf })],
    examples: [
      ['[1, 2].mean()', 1.5],
      ['[decimal("0.10"), decimal("0.20")].mean()', '0.15'],
    ],
    errors: {
      INDEX_OUT_OF_RANGE: '[].mean()',
      INTEGER_OVERFLOW: '[9223372036854775807, 1].mean()',
      NUMBER_NOT_FINITE: '[1.7e308, 1.7e308].mean()',
      DECIMAL_OVERFLOW: '[decimal(1), 1e300].mean()',
    },
  },
  {
    ...own,
    name: 'min',
    summary: 'The least element, by the order that `sort` has.',
    overloads: [overload(['list'], ANY, ([list], at) => extreme('<', list, at), { giving: element })],
    examples: [['["b", "a"].min()', 'a']],
    errors: { INDEX_OUT_OF_RANGE: '[].min()' },
  },
  {
    ...own,
    name: 'max',
    summary: 'The greatest element, by the order that `sort` has.',
    overloads: [overload(['list'], ANY, ([list], at) => extreme('>', list, at), { giving: element })],
    examples: [['[1, 5, 3].max()', 5]],
    errors: { INDEX_OUT_OF_RANGE: '[].max()' },
  },
]

export const LISTS: FunctionGroup = { title: 'Lists', functions: [size, ...ORDERS, ...PARTS, ...TOTALS] }
