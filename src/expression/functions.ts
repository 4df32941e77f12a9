/**
 * The functions of expressions, apart from macros. Those of the CEL standard, and of its extensions for texts and
 * mathematics the ones below; positions and lengths in texts count code points, so that no character is ever split.
 *
 * | on | functions |
 * |---|---|
 * | any value | `size`, `type`, `dyn`, `string`, `int`, `double`, `bool`, `timestamp`, `duration` |
 * | text | `size`, `contains`, `startsWith`, `endsWith`, `matches` (RE2, linear time), `lowerAscii`, `upperAscii`, `trim`, `charAt`, `indexOf`, `lastIndexOf`, `substring`, `replace`, `split` |
 * | list | `size`, `join` |
 * | timestamp | `getFullYear`, `getMonth` (from 0), `getDate` (from 1), `getDayOfMonth` (from 0), `getDayOfWeek` (0 is Sunday), `getDayOfYear` (from 0), `getHours`, `getMinutes`, `getSeconds`, `getMilliseconds`, each with an optional zone |
 * | duration | `getHours`, `getMinutes`, `getSeconds`, `getMilliseconds` |
 * | optional | `hasValue`, `value`, `orValue`, `or`; `optional.of`, `optional.none` |
 * | number | `math.abs`, `math.ceil`, `math.floor`, `math.round` (halves away from zero), `math.trunc`, `math.least`, `math.greatest` |
 */
import type { ASTNode } from '@marcbachmann/cel-js'
import { conversions } from './conversions.ts'
import { fault } from './faults.ts'
import { checkInt, limitText, ordered } from './operators.ts'
import { compilePattern, isPattern } from './pattern.ts'
import { TEXT_FUNCTIONS } from './text.ts'
import { isZone, millisecondOf, partOf, quote, type TimestampPart } from './time.ts'
import { type Fails, never, tooLong } from './total/fails.ts'
import { anyOf, either, elementsOf, INT_BOUNDS, type Possible, within } from './total/possible.ts'
import { ANY, BOOL, DOUBLE, INT, type Kind, optionalOf, STRING, TYPE, type Type } from './types.ts'
import { type Duration, NONE, Optional, type Timestamp, typeValueOf, type Value, type ValueMap } from './values.ts'

export interface Overload {
  /** The receiver's kind first, if there is one. `any` takes all values. */
  readonly takes: readonly Kind[]
  readonly gives: Type
  /** What it gives, where that depends on the static types of what it takes. */
  readonly giving?: (types: readonly Type[]) => Type
  /** `at` is the source of the call, for messages. */
  readonly run: (args: readonly Value[], at: string) => Value
  /** When `run` fails on such arguments; without, it is taken to fail on any. */
  readonly fails?: Fails
  /** What it can give for such arguments, where more is known than its type. */
  readonly results?: (args: readonly Possible[]) => Possible
}

/** By `name` for global functions, `.name` for those with a receiver, `space.name` for those of a name space. */
export type FunctionTable = ReadonlyMap<string, readonly Overload[]>

type CallNode = Extract<ASTNode, { op: 'call' | 'rcall' }>

const SPACES = new Set(['math', 'optional'])

/** What a call that is no macro calls, and with what. */
export function keyOfCall(
  node: CallNode,
  isVariable: (name: string) => boolean,
): { readonly key: string; readonly args: readonly ASTNode[] } {
  if (node.op === 'call') return { key: node.args[0], args: node.args[1] }
  const [name, receiver, args] = node.args
  if (receiver.op === 'id' && SPACES.has(receiver.args) && !isVariable(receiver.args))
    return { key: `${receiver.args}.${name}`, args }
  return { key: `.${name}`, args: [receiver, ...args] }
}

const fits = (kind: Kind, type: Type | undefined) => kind === 'any' || type?.kind === 'any' || type?.kind === kind

/** Those that arguments of these types may need. */
export const fittingOverloads = (overloads: readonly Overload[], types: readonly Type[]): readonly Overload[] =>
  overloads.filter(({ takes }) => takes.length === types.length && takes.every((kind, i) => fits(kind, types[i])))

type More = Pick<Overload, 'giving' | 'fails' | 'results'>
const overload = (takes: readonly Kind[], gives: Type, run: Overload['run'], more: More = {}): Overload => ({
  takes,
  gives,
  run,
  ...more,
})
/** One that has a value for all arguments of these kinds. */
const total = (takes: readonly Kind[], gives: Type, run: Overload['run'], more: More = {}): Overload =>
  overload(takes, gives, run, { fails: never, ...more })

const upTo = (most: number) => anyOf(['int'], { int: [0n, BigInt(Math.min(most, Number.MAX_SAFE_INTEGER))] })
const size: readonly Overload[] = [
  total(['string'], INT, ([text]) => BigInt(countCodePoints(text as string)), {
    results: ([text]) => upTo((text as Possible).length),
  }),
  total(['list'], INT, ([list]) => BigInt((list as readonly Value[]).length), {
    results: ([list]) => upTo((list as Possible).size[1]),
  }),
  total(['map'], INT, ([map]) => BigInt((map as ValueMap).size), {
    results: ([map]) => upTo((map as Possible).size[1]),
  }),
]

function countCodePoints(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xd800) count--
  return count
}

const matches: readonly Overload[] = [
  overload(
    ['string', 'string'],
    BOOL,
    ([text, source]) => {
      const pattern = compilePattern(source as string)
      if (!isPattern(pattern)) return fault('PATTERN_INVALID', `${quote(source as string)}: ${pattern.problem}`)
      return pattern.test(text as string)
    },
    {
      fails: ([, source], [, name]) => {
        const known = source?.constant
        return typeof known === 'string' && isPattern(compilePattern(known)) ? null : `${name} isn’t a valid pattern`
      },
    },
  ),
]

const joins: More = {
  fails: ([list, by], [name]) => {
    const texts = elementsOf(list as Possible)
    if ([...texts.kinds].some(kind => kind !== 'string')) return `${name} holds something that isn’t a text`
    return tooLong(lengthJoined(list as Possible, by))
  },
  results: ([list, by]) => anyOf(['string'], { length: lengthJoined(list as Possible, by) }),
}
function lengthJoined(list: Possible, by: Possible | undefined): number {
  const each = within(list).length + (by?.length ?? 0)
  return each === 0 || list.size[1] === 0 ? 0 : list.size[1] * each
}
const join: readonly Overload[] = [
  overload(['list'], STRING, ([list], at) => joined(list as readonly Value[], '', at), joins),
  overload(['list', 'string'], STRING, ([list, by], at) => joined(list as readonly Value[], by as string, at), joins),
]

function joined(list: readonly Value[], by: string, at: string): string {
  let length = 0
  for (const each of list) {
    if (typeof each !== 'string') fault('TYPE_MISMATCH', `${at}: the list holds something that isn’t a text`)
    length += each.length + by.length
  }
  limitText(length, at)
  return list.join(by)
}

function timestampPart(part: TimestampPart, offset = 0n): readonly Overload[] {
  const results = () => anyOf(['int'], { int: [-10_000n, 10_000n] })
  return [
    total(['timestamp'], INT, ([at]) => partOf(at as Timestamp, part) - offset, { results }),
    overload(['timestamp', 'string'], INT, ([at, zone]) => partOf(at as Timestamp, part, zone as string) - offset, {
      fails: ([, zone], [, name]) =>
        typeof zone?.constant === 'string' && isZone(zone.constant) ? null : `${name} isn’t a time zone`,
      results,
    }),
  ]
}
const durationIn = (ns: bigint) => total(['duration'], INT, ([span]) => (span as Duration).ns / ns)

const rounding = (round: (value: number) => number): readonly Overload[] => [
  total(['int'], INT, ([value]) => value as bigint, { results: ([value]) => value as Possible }),
  total(['double'], DOUBLE, ([value]) => round(value as number)),
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
    overload(['list'], ANY, ([list], at) => {
      const values = list as readonly Value[]
      return values.length === 0 ? fault('INDEX_OUT_OF_RANGE', `${at}: the list is empty`) : pick(values, at)
    }),
  ]
}

const inner = ([optional]: readonly Type[]): Type => (optional?.kind === 'optional' ? (optional.of ?? ANY) : ANY)

export const FUNCTIONS: FunctionTable = new Map<string, readonly Overload[]>([
  ['size', size],
  ['.size', size],
  ['matches', matches],
  ['.matches', matches],
  ['.join', join],
  ['dyn', [total(['any'], ANY, ([value]) => value as Value, { results: ([value]) => value as Possible })]],
  ['type', [total(['any'], TYPE, ([value]) => typeValueOf(value as Value))]],
  ...Object.entries(conversions),
  ...Object.entries(TEXT_FUNCTIONS).map(([name, overloads]) => [`.${name}`, overloads] as const),
  ['.getFullYear', timestampPart('year')],
  ['.getMonth', timestampPart('month')],
  ['.getDate', timestampPart('day')],
  ['.getDayOfMonth', timestampPart('day', 1n)],
  ['.getDayOfWeek', timestampPart('weekday')],
  ['.getDayOfYear', timestampPart('yearday')],
  ['.getHours', [...timestampPart('hour'), durationIn(3_600_000_000_000n)]],
  ['.getMinutes', [...timestampPart('minute'), durationIn(60_000_000_000n)]],
  ['.getSeconds', [...timestampPart('second'), durationIn(1_000_000_000n)]],
  [
    '.getMilliseconds',
    [
      total(['timestamp'], INT, ([at]) => millisecondOf((at as Timestamp).ns)),
      total(['timestamp', 'string'], INT, ([at]) => millisecondOf((at as Timestamp).ns)),
      durationIn(1_000_000n),
    ],
  ],
  ['.hasValue', [total(['optional'], BOOL, ([optional]) => (optional as Optional).value !== undefined)]],
  [
    '.value',
    [
      overload(
        ['optional'],
        ANY,
        ([optional], at) => {
          const value = (optional as Optional).value
          return value === undefined ? fault('KEY_MISSING', `${at}: the optional value isn’t there`) : value
        },
        {
          giving: inner,
          fails: (_args, [name]) => `${name} has no value`,
          results: ([optional]) => within(optional as Possible),
        },
      ),
    ],
  ],
  [
    'optional.none',
    [total([], optionalOf(ANY), () => NONE, { results: () => anyOf(['optional'], { of: anyOf([]) }) })],
  ],
  [
    'optional.of',
    [
      total(['any'], optionalOf(ANY), ([value]) => new Optional(value), {
        giving: ([type]) => optionalOf(type ?? ANY),
        results: ([value]) => anyOf(['optional'], { of: value as Possible }),
      }),
    ],
  ],
  [
    'math.abs',
    [
      overload(
        ['int'],
        INT,
        ([value], at) => checkInt((value as bigint) < 0n ? -(value as bigint) : (value as bigint), at),
        {
          fails: ([value], [name]) => (value?.int[0] === INT_BOUNDS[0] ? `${name} is the least integer` : null),
        },
      ),
      total(['double'], DOUBLE, ([value]) => Math.abs(value as number)),
    ],
  ],
  ['math.ceil', rounding(Math.ceil)],
  ['math.floor', rounding(Math.floor)],
  ['math.trunc', rounding(Math.trunc)],
  ['math.round', rounding(value => Math.sign(value) * Math.round(Math.abs(value)))],
  ['math.least', extreme('<')],
  ['math.greatest', extreme('>')],
])

/** What other CEL environments have, and rows of JSON don't. */
export const UNSUPPORTED: ReadonlyMap<string, string> = new Map([
  ['uint', 'there are no unsigned integers here; use int()'],
  ['bytes', 'there are no bytes here: rows are JSON'],
])
