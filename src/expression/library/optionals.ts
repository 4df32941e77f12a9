/** Optional values: those of `row.?field`, and what makes or takes one. */
import { fault } from '../faults.ts'
import { anyOf, type Possible, within, without } from '../total/possible.ts'
import { ANY, BOOL, notNull, optionalOf, type Type } from '../types.ts'
import { Duration, NONE, Optional, type Value } from '../values.ts'
import { type FunctionGroup, overload, total } from './spec.ts'

const inner = ([optional]: readonly Type[]): Type => (optional?.kind === 'optional' ? (optional.of ?? ANY) : ANY)

export const OPTIONALS: FunctionGroup = {
  title: 'Optional values',
  functions: [
    {
      name: 'optional.of',
      form: 'function',
      from: 'CEL optional',
      summary: 'An optional value that is there.',
      overloads: [
        total(['any'], optionalOf(ANY), ([value]) => new Optional(value), {
          giving: ([type]) => optionalOf(type ?? ANY),
          results: ([value]) => anyOf(['optional'], { of: value as Possible }),
        }),
      ],
      examples: [['optional.of(1).hasValue()', true]],
    },
    {
      name: 'optional.none',
      form: 'function',
      from: 'CEL optional',
      summary: 'The optional value that isn’t there; as a result it is null.',
      overloads: [total([], optionalOf(ANY), () => NONE, { results: () => anyOf(['optional'], { of: anyOf([]) }) })],
      examples: [['optional.none().orValue("nothing")', 'nothing']],
    },
    {
      name: 'hasValue',
      form: 'method',
      from: 'CEL optional',
      summary: 'Whether the optional value is there. Missing and null both aren’t.',
      overloads: [total(['optional'], BOOL, ([optional]) => optional.value !== undefined)],
      examples: [['{"a": 1}[?"b"].hasValue()', false]],
    },
    {
      name: 'value',
      form: 'method',
      from: 'CEL optional',
      summary: 'The value, if it is there.',
      overloads: [
        overload(['optional'], ANY, ([optional], at) => optional.value ?? noValue(optional, at), {
          giving: inner,
          fails: (_args, [name]) => `${name} has no value`,
          results: ([optional]) => within(optional as Possible),
        }),
      ],
      examples: [['{"a": 1}[?"a"].value()', 1]],
      errors: { KEY_MISSING: '{"a": 1}[?"b"].value()' },
    },
    {
      name: 'optional.ofNonZeroValue',
      form: 'function',
      from: 'CEL optional',
      summary: 'An optional value that isn’t there for null, false, 0, an empty text, list or map.',
      overloads: [
        total(['any'], optionalOf(ANY), ([value]) => (isZero(value) ? NONE : new Optional(value)), {
          giving: ([type]) => optionalOf(type === undefined ? ANY : notNull(type)),
          results: ([value]) => anyOf(['optional'], { of: without(value as Possible, 'null') }),
        }),
      ],
      examples: [['optional.ofNonZeroValue("").orValue("none")', 'none']],
    },
    {
      name: 'optMap',
      form: 'method',
      from: 'CEL optional',
      summary: 'An optional value that is made from this one, if it is there.',
      overloads: [],
      signatures: ['optional(T).optMap(x, value) → optional'],
      examples: [['{"a": 2}[?"a"].optMap(x, x * 2).orValue(0)', 4]],
    },
    {
      name: 'optFlatMap',
      form: 'method',
      from: 'CEL optional',
      summary: 'The optional value that is made from this one, if it is there.',
      overloads: [],
      signatures: ['optional(T).optFlatMap(x, optional) → optional'],
      examples: [['{"a": {"b": 1}}[?"a"].optFlatMap(x, x[?"c"]).orValue(0)', 0]],
    },
    {
      name: 'orValue',
      form: 'method',
      from: 'CEL optional',
      summary: 'The value, or the argument, which is evaluated only if the value isn’t there.',
      overloads: [],
      signatures: ['optional(T).orValue(T) → T'],
      examples: [['{"a": 1}[?"b"].orValue(0)', 0]],
    },
    {
      name: 'or',
      form: 'method',
      from: 'CEL optional',
      summary: 'This optional value if it is there, or the other.',
      overloads: [],
      signatures: ['optional(T).or(optional(T)) → optional(T)'],
      examples: [['cel.bind(m, {"a": 1}, m[?"b"].or(m[?"a"]).orValue(0))', 1]],
    },
  ],
}

function isZero(value: Value): boolean {
  if (value === null || value === false || value === 0n || value === 0 || value === '') return true
  if (Array.isArray(value)) return value.length === 0
  return value instanceof Map ? value.size === 0 : value instanceof Duration && value.ns === 0n
}

/** An optional may hold null, which is a value. */
function noValue({ value }: Optional, at: string): null {
  return value === undefined ? fault('KEY_MISSING', `${at}: the optional value isn’t there`) : null
}
