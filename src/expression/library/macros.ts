/** Macros over lists and maps, as they are described; macros.ts of the folder above compiles them. */
import type { FunctionGroup } from './spec.ts'

const macro = { form: 'method', from: 'CEL', overloads: [] } as const

export const MACRO_GROUP: FunctionGroup = {
  title: 'Macros',
  functions: [
    {
      name: 'has',
      form: 'function',
      from: 'CEL',
      summary: 'Whether the field is there and not null. What is missing on the way to it is no error.',
      overloads: [],
      signatures: ['has(field) → bool'],
      examples: [['has({"a": {"b": null}}.a.b)', false]],
    },
    {
      ...macro,
      name: 'all',
      summary: 'Whether the condition holds for each element of a list, or each key of a map.',
      signatures: ['list.all(x, condition) → bool', 'map.all(key, condition) → bool'],
      examples: [['[1, 2, 3].all(x, x > 0)', true]],
    },
    {
      ...macro,
      name: 'exists',
      summary: 'Whether the condition holds for any element of a list, or any key of a map.',
      signatures: ['list.exists(x, condition) → bool', 'map.exists(key, condition) → bool'],
      examples: [['[1, 2, 3].exists(x, x > 2)', true]],
    },
    {
      ...macro,
      name: 'exists_one',
      summary: 'Whether the condition holds for exactly one element of a list, or one key of a map.',
      signatures: ['list.exists_one(x, condition) → bool', 'map.exists_one(key, condition) → bool'],
      examples: [['[1, 2, 3].exists_one(x, x > 1)', false]],
    },
    {
      ...macro,
      name: 'filter',
      summary: 'The elements, or keys, for which the condition holds.',
      signatures: ['list(T).filter(x, condition) → list(T)', 'map.filter(key, condition) → list(string)'],
      examples: [['[1, 2, 3].filter(x, x % 2 == 1)', [1, 3]]],
    },
    {
      ...macro,
      name: 'map',
      summary: 'A value for each element, or key; with a condition only for those for which it holds.',
      signatures: ['list.map(x, value) → list', 'list.map(x, condition, value) → list', 'map.map(key, value) → list'],
      examples: [
        ['[1, 2, 3].map(x, x * 2)', [2, 4, 6]],
        ['[1, 2, 3].map(x, x > 1, x * 2)', [4, 6]],
      ],
    },
    {
      name: 'cel.bind',
      form: 'function',
      from: 'CEL bindings',
      summary: 'Gives a value a name that the last argument may use.',
      overloads: [],
      signatures: ['cel.bind(name, value, body) → any'],
      examples: [['cel.bind(x, 2 + 1, x * x)', 9]],
    },
  ],
}
