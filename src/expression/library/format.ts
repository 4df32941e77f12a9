/** `"%s owes %.2f".format([row.name, row.amount])`: the clauses of CEL's extension for strings. */
import { Decimal } from '../../model/decimal.ts'
import { fault } from '../faults.ts'
import { compareText, limitText, wholeAsInteger } from '../operators.ts'
import { describe } from '../types.ts'
import {
  Duration,
  formatDuration,
  formatTimestamp,
  kindOf,
  Optional,
  Timestamp,
  TypeValue,
  type Value,
} from '../values.ts'

const CLAUSE = /%(?:\.(\d{1,3}))?([\s\S]?)/g
const MAX_PRECISION = 100

/** `at`: the source of the call, for messages. */
export function format(template: string, values: readonly Value[], at: string): string {
  let next = 0
  let length = template.length
  return template.replaceAll(CLAUSE, (clause: string, precision: string | undefined, letter: string) => {
    if (clause === '%%') return '%'
    if (!'sdfeboxX'.includes(letter) || letter === '') return fault('ARGUMENT_INVALID', `${at}: ${clause} is no clause`)
    const value = values[next++]
    if (value === undefined) return fault('INDEX_OUT_OF_RANGE', `${at}: there are more clauses than values`)
    const digits = precision === undefined ? 6 : Number(precision)
    if (digits > MAX_PRECISION)
      return fault('ARGUMENT_INVALID', `${at}: ${clause} has more than ${MAX_PRECISION} digits`)
    const text = formatted(letter, value, digits, clause, at)
    length += text.length
    limitText(length, at)
    return text
  })
}

function formatted(letter: string, value: Value, digits: number, clause: string, at: string): string {
  switch (letter) {
    case 's':
      return textOf(value)
    case 'd':
      return whole(value, 10, clause, at)
    case 'f':
      if (value instanceof Decimal) return String(value.round(digits, 'halfEven') ?? unfit(value, clause, at))
      return fixed(numberIn(value, clause, at), digits)
    case 'e':
      return numberIn(value, clause, at)
        .toExponential(digits)
        .replace(/e([+-])(\d)$/, 'e$10$2')
    case 'b':
      return typeof value === 'boolean' ? (value ? '1' : '0') : whole(value, 2, clause, at)
    case 'o':
      return whole(value, 8, clause, at)
    default: {
      const hex = typeof value === 'string' ? Buffer.from(value).toString('hex') : whole(value, 16, clause, at)
      return letter === 'X' ? hex.toUpperCase() : hex
    }
  }
}

function whole(value: Value, base: number, clause: string, at: string): string {
  const integer = wholeAsInteger(value)
  return typeof integer === 'bigint' ? integer.toString(base) : unfit(value, clause, at)
}

function numberIn(value: Value, clause: string, at: string): number {
  if (value instanceof Decimal) return value.toNumber()
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : unfit(value, clause, at)
}

function unfit(value: Value, clause: string, at: string): never {
  const code = value === null ? 'VALUE_NULL' : 'TYPE_MISMATCH'
  return fault(code, `${at}: ${clause} doesn’t take ${describe(kindOf(value))}`)
}

/** With so many digits; halves go to the even digit, as in C. JavaScript has them go away from zero. */
function fixed(value: number, digits: number): string {
  if (Math.abs(value) >= 1e21) return `${BigInt(value)}${digits === 0 ? '' : `.${'0'.repeat(digits)}`}`
  const exact = value.toFixed(100)
  const point = exact.indexOf('.')
  const rest = exact.slice(point + 1 + digits)
  if (!/^50*$/.test(rest)) return value.toFixed(digits)
  const cut = digits === 0 ? exact.slice(0, point) : exact.slice(0, point + 1 + digits)
  return '02468'.includes(cut.at(-1) ?? '') ? cut : value.toFixed(digits)
}

/** As `%s` has it: texts as they are, in lists and maps as well; keys in order. */
export function textOf(value: Value): string {
  if (typeof value === 'string') return value
  if (value instanceof Timestamp) return formatTimestamp(value)
  if (value instanceof Duration) return formatDuration(value)
  if (value instanceof TypeValue) return value.name
  if (Array.isArray(value)) return `[${value.map(textOf).join(', ')}]`
  if (value instanceof Map) {
    const entries = [...value].map(([key, each]): readonly [string, string] => [textOf(key), textOf(each)])
    const inOrder = entries.sort(([a], [b]) => compareText(a, b))
    return `{${inOrder.map(([key, each]) => `${key}: ${each}`).join(', ')}}`
  }
  return value instanceof Optional ? textOf(value.value ?? null) : String(value)
}
