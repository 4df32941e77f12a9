/** Conversions between types. Strict: surrounding blanks, empty texts, hexadecimal and `inf` aren't numbers. */
import { fault } from './faults.ts'
import type { Overload } from './functions.ts'
import { checkFinite, checkTimestamp } from './operators.ts'
import { parseDuration, parseTimestamp, quote } from './time.ts'
import { BOOL, DOUBLE, DURATION, INT, type Kind, STRING, TIMESTAMP, type Type } from './types.ts'
import { type Duration, floorDivide, formatDuration, formatTimestamp, Timestamp, type Value } from './values.ts'

const from = (kind: Kind, gives: Type, run: (value: Value, at: string) => Value): Overload => ({
  takes: [kind],
  gives,
  run: ([value], at) => run(value as Value, at),
})
const same = (kind: Kind, gives: Type) => from(kind, gives, value => value)

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

function doubleOfText(text: string, at: string): number {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) {
    return fault('CONVERSION_FAILED', `${quote(text)} isn’t a number`)
  }
  return checkFinite(Number(text), at)
}

export const conversions: { readonly [name: string]: readonly Overload[] } = {
  int: [
    same('int', INT),
    from('double', INT, (value, at) => intOfDouble(value as number, at)),
    from('string', INT, value => intOfText(value as string)),
    from('timestamp', INT, value => floorDivide((value as Timestamp).ns, 1_000_000_000n)),
  ],
  double: [
    same('double', DOUBLE),
    from('int', DOUBLE, value => Number(value)),
    from('string', DOUBLE, (value, at) => doubleOfText(value as string, at)),
  ],
  string: [
    same('string', STRING),
    from('int', STRING, value => String(value)),
    from('double', STRING, value => String(value)),
    from('bool', STRING, value => String(value)),
    from('timestamp', STRING, value => formatTimestamp(value as Timestamp)),
    from('duration', STRING, value => formatDuration(value as Duration)),
  ],
  bool: [
    same('bool', BOOL),
    from('string', BOOL, text => {
      const value = BOOLEANS.get(text as string)
      return value ?? fault('CONVERSION_FAILED', `${quote(text as string)} is neither true nor false`)
    }),
  ],
  timestamp: [
    same('timestamp', TIMESTAMP),
    from('string', TIMESTAMP, value => parseTimestamp(value as string)),
    from('int', TIMESTAMP, value => checkTimestamp(new Timestamp((value as bigint) * 1_000_000_000n))),
  ],
  duration: [same('duration', DURATION), from('string', DURATION, value => parseDuration(value as string))],
}
