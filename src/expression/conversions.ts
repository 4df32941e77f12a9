/** Conversions between types. Strict: surrounding blanks, empty texts, hexadecimal and `inf` aren't numbers. */
import { fault } from './faults.ts'
import type { Overload } from './functions.ts'
import { checkFinite, checkTimestamp } from './operators.ts'
import { parseDuration, parseTimestamp, quote } from './time.ts'
import { never } from './total/fails.ts'
import { anyOf, asDecimals, INT_BOUNDS, type Possible } from './total/possible.ts'
import { BOOL, DOUBLE, DURATION, INT, type Kind, STRING, TIMESTAMP, type Type } from './types.ts'
import { type Duration, floorDivide, formatDuration, formatTimestamp, Timestamp, type Value } from './values.ts'

type More = Pick<Overload, 'fails' | 'results'>
const from = (kind: Kind, gives: Type, run: (value: Value, at: string) => Value, more: More): Overload => ({
  takes: [kind],
  gives,
  run: ([value], at) => run(value as Value, at),
  ...more,
})
const same = (kind: Kind, gives: Type) =>
  from(kind, gives, value => value, { fails: never, results: ([value]) => value as Possible })

/** It fails where the text isn’t `what`. */
const unless = (what: string): More => ({ fails: (_args, [name]) => `${name} isn’t ${what}` })
const written = (length: number): More => ({ fails: never, results: () => anyOf(['string'], { length }) })

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

/** Bounds of the integers that decimals of these bounds become; null if they can be too large. */
function wholeOf({ double: [least, most] }: Possible): readonly [bigint, bigint] | null {
  if (!Number.isFinite(least) || !Number.isFinite(most)) return null
  const bounds = [BigInt(Math.trunc(least)), BigInt(Math.trunc(most))] as const
  return bounds[0] < INT_BOUNDS[0] || bounds[1] > INT_BOUNDS[1] ? null : bounds
}

function doubleOfText(text: string, at: string): number {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) {
    return fault('CONVERSION_FAILED', `${quote(text)} isn’t a number`)
  }
  return checkFinite(Number(text), at)
}

export const conversions: { readonly [name: string]: readonly Overload[] } = {
  int: [
    same('int', INT),
    from('double', INT, (value, at) => intOfDouble(value as number, at), {
      fails: ([value], [name]) => (wholeOf(value as Possible) === null ? `${name} is too large for an integer` : null),
      results: ([value]) => anyOf(['int'], { int: wholeOf(value as Possible) ?? INT_BOUNDS }),
    }),
    from('string', INT, value => intOfText(value as string), unless('an integer of 64 bits')),
    from('timestamp', INT, value => floorDivide((value as Timestamp).ns, 1_000_000_000n), { fails: never }),
  ],
  double: [
    same('double', DOUBLE),
    from('int', DOUBLE, value => Number(value), {
      fails: never,
      results: ([value]) => asDecimals(value as Possible),
    }),
    from('string', DOUBLE, (value, at) => doubleOfText(value as string, at), unless('a number')),
  ],
  string: [
    same('string', STRING),
    from('int', STRING, value => String(value), written(50)),
    from('double', STRING, value => String(value), written(50)),
    from('bool', STRING, value => String(value), written(50)),
    from('timestamp', STRING, value => formatTimestamp(value as Timestamp), written(50)),
    from('duration', STRING, value => formatDuration(value as Duration), written(50)),
  ],
  bool: [
    same('bool', BOOL),
    from(
      'string',
      BOOL,
      text => {
        const value = BOOLEANS.get(text as string)
        return value ?? fault('CONVERSION_FAILED', `${quote(text as string)} is neither true nor false`)
      },
      unless('true or false'),
    ),
  ],
  timestamp: [
    same('timestamp', TIMESTAMP),
    from('string', TIMESTAMP, value => parseTimestamp(value as string), unless('a timestamp')),
    from(
      'int',
      TIMESTAMP,
      value => checkTimestamp(new Timestamp((value as bigint) * 1_000_000_000n)),
      unless('between the years 1 and 9999'),
    ),
  ],
  duration: [
    same('duration', DURATION),
    from('string', DURATION, value => parseDuration(value as string), unless('a duration')),
  ],
}
