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
import { compilePattern, isPattern } from '../pattern.ts'
import { conversions } from './conversions.ts'
import { fault } from './faults.ts'
import { checkInt, limitText, ordered } from './operators.ts'
import { TEXT_FUNCTIONS } from './text.ts'
import { millisecondOf, partOf, quote, type TimestampPart } from './time.ts'
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
}

/** By `name` for global functions, `.name` for those with a receiver, `space.name` for those of a name space. */
export type FunctionTable = ReadonlyMap<string, readonly Overload[]>

const overload = (takes: readonly Kind[], gives: Type, run: Overload['run'], giving?: Overload['giving']): Overload =>
  giving === undefined ? { takes, gives, run } : { takes, gives, run, giving }

const size: readonly Overload[] = [
  overload(['string'], INT, ([text]) => BigInt(countCodePoints(text as string))),
  overload(['list'], INT, ([list]) => BigInt((list as readonly Value[]).length)),
  overload(['map'], INT, ([map]) => BigInt((map as ValueMap).size)),
]

function countCodePoints(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xd800) count--
  return count
}

const matches: readonly Overload[] = [
  overload(['string', 'string'], BOOL, ([text, source]) => {
    const pattern = compilePattern(source as string)
    if (!isPattern(pattern)) return fault('PATTERN_INVALID', `${quote(source as string)}: ${pattern.problem}`)
    return pattern.test(text as string)
  }),
]

const join: readonly Overload[] = [
  overload(['list'], STRING, ([list], at) => joined(list as readonly Value[], '', at)),
  overload(['list', 'string'], STRING, ([list, by], at) => joined(list as readonly Value[], by as string, at)),
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
  return [
    overload(['timestamp'], INT, ([at]) => partOf(at as Timestamp, part) - offset),
    overload(['timestamp', 'string'], INT, ([at, zone]) => partOf(at as Timestamp, part, zone as string) - offset),
  ]
}
const durationIn = (ns: bigint) => overload(['duration'], INT, ([span]) => (span as Duration).ns / ns)

const rounding = (round: (value: number) => number): readonly Overload[] => [
  overload(['int'], INT, ([value]) => value as bigint),
  overload(['double'], DOUBLE, ([value]) => round(value as number)),
]

/** The first of those that are least or greatest. */
const extreme = (op: '<' | '>'): readonly Overload[] => {
  const pick = (values: readonly Value[], at: string) =>
    values.reduce((best, each) => (ordered(op, each, best, at) ? each : best))
  const both = (a: Kind, b: Kind, gives: Type) => overload([a, b], gives, pick)
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
  ['dyn', [overload(['any'], ANY, ([value]) => value as Value)]],
  ['type', [overload(['any'], TYPE, ([value]) => typeValueOf(value as Value))]],
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
      overload(['timestamp'], INT, ([at]) => millisecondOf((at as Timestamp).ns)),
      overload(['timestamp', 'string'], INT, ([at]) => millisecondOf((at as Timestamp).ns)),
      durationIn(1_000_000n),
    ],
  ],
  ['.hasValue', [overload(['optional'], BOOL, ([optional]) => (optional as Optional).value !== undefined)]],
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
        inner,
      ),
    ],
  ],
  ['optional.none', [overload([], optionalOf(ANY), () => NONE)]],
  [
    'optional.of',
    [
      overload(
        ['any'],
        optionalOf(ANY),
        ([value]) => new Optional(value),
        ([type]) => optionalOf(type ?? ANY),
      ),
    ],
  ],
  [
    'math.abs',
    [
      overload(['int'], INT, ([value], at) =>
        checkInt((value as bigint) < 0n ? -(value as bigint) : (value as bigint), at),
      ),
      overload(['double'], DOUBLE, ([value]) => Math.abs(value as number)),
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
