/** Maps, `row` among them; and lists taken as sets. */
import { limitList, mapKey } from '../operators.ts'
import { ANY, BOOL, listOf, MAP, type Type } from '../types.ts'
import type { Value, ValueMap } from '../values.ts'
import { keyOf } from './identity.ts'
import { type FunctionGroup, overload, total } from './spec.ts'

const valuesOf = ([map]: readonly Type[]): Type =>
  listOf(map?.kind === 'map' && map.fields === undefined ? (map.of ?? ANY) : ANY)

function merged(a: ValueMap, b: ValueMap, at: string): ValueMap {
  const both = new Map([...a, ...b])
  limitList(both.size, at)
  return both
}

function picked(map: ValueMap, keys: readonly Value[]): ValueMap {
  const found = new Map<Value, Value>()
  for (const each of keys) {
    const key = mapKey(each)
    const value = map.get(key)
    if (value !== undefined) found.set(key, value)
  }
  return found
}

function omitted(map: ValueMap, keys: readonly Value[]): ValueMap {
  const left = new Set(keys.map(mapKey))
  return new Map([...map].filter(([key]) => !left.has(key)))
}

const own = { form: 'method', from: 'Custody' } as const
export const MAPS: FunctionGroup = {
  title: 'Maps',
  functions: [
    {
      ...own,
      name: 'keys',
      summary: 'The keys of a map, in their order. `row.keys()` has the names of the fields.',
      overloads: [total(['map'], listOf(ANY), ([map]) => [...map.keys()])],
      examples: [['{"a": 1, "b": 2}.keys()', ['a', 'b']]],
    },
    {
      ...own,
      name: 'values',
      summary: 'The values of a map, in the order of its keys.',
      overloads: [total(['map'], listOf(ANY), ([map]) => [...map.values()], { giving: valuesOf })],
      examples: [['{"a": 1, "b": 2}.values()', [1, 2]]],
    },
    {
      ...own,
      name: 'merge',
      summary: 'Both maps in one; where both have a key, the value of the second counts.',
      overloads: [overload(['map', 'map'], MAP, ([a, b], at) => merged(a, b, at))],
      examples: [['{"a": 1, "b": 2}.merge({"b": 3})', { a: 1, b: 3 }]],
      errors: {
        EVALUATION_LIMIT: '{"a": 1}.merge(lists.range(1000000).groupBy(x, x))',
      },
    },
    {
      ...own,
      name: 'pick',
      parameters: ['keys'],
      summary: 'The map with these keys alone, in this order; those that it doesn’t have are left out.',
      overloads: [total(['map', 'list'], MAP, ([map, keys]) => picked(map, keys))],
      examples: [['{"a": 1, "b": 2, "c": 3}.pick(["c", "a", "x"])', { c: 3, a: 1 }]],
    },
    {
      ...own,
      name: 'omit',
      parameters: ['keys'],
      summary: 'The map without these keys.',
      overloads: [total(['map', 'list'], MAP, ([map, keys]) => omitted(map, keys))],
      examples: [['{"a": 1, "b": 2, "c": 3}.omit(["a"])', { b: 2, c: 3 }]],
    },
  ],
}

type Values = readonly Value[]
const keysOf = (values: Values) => new Set(values.map(keyOf))
const comparing = (compare: (a: ReadonlySet<string>, b: ReadonlySet<string>) => boolean) => [
  total(['list', 'list'], BOOL, ([a, b]) => compare(keysOf(a), keysOf(b))),
]

const sets = { form: 'function', from: 'CEL sets' } as const
export const SETS: FunctionGroup = {
  title: 'Lists as sets',
  functions: [
    {
      ...sets,
      name: 'sets.contains',
      summary: 'Whether the first list has each element of the second.',
      overloads: comparing((a, b) => b.isSubsetOf(a)),
      examples: [['sets.contains([1, 2, 3], [2, 1.0])', true]],
    },
    {
      ...sets,
      name: 'sets.intersects',
      summary: 'Whether the two lists have an element in common.',
      overloads: comparing((a, b) => !a.isDisjointFrom(b)),
      examples: [['sets.intersects(["a"], ["b", "a"])', true]],
    },
    {
      ...sets,
      name: 'sets.equivalent',
      summary: 'Whether each list has each element of the other.',
      overloads: comparing((a, b) => a.isSubsetOf(b) && b.isSubsetOf(a)),
      examples: [['sets.equivalent([1, 2], [2, 1, 1])', true]],
    },
  ],
}
