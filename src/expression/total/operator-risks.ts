/** Where arithmetic and comparison fail, and with what result, by the bounds of their operands. Null was reported before. */
import { grouped } from '../../model/number-text.ts'
import { type Arithmetic, arithmetic, MAX_LIST, MAX_TEXT } from '../operators.ts'
import { type Kind, NUMBERS } from '../types.ts'
import { anyOf, DOUBLE_BOUNDS, either, folded, greater, INT_BOUNDS, lesser, type Possible, within } from './possible.ts'

/** Both operands as they are written, for messages. */
type Names = readonly [string, string]
type Report = (where: string) => void

const NEVER = anyOf([])
const TOO_LARGE = 'the result leaves the range of 64 bits'
const NOT_FINITE = 'the result leaves the range of doubles'

// ── order ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Kinds that have an order among themselves, with a word for each. */
const ORDERED: ReadonlyArray<readonly [readonly Kind[], string]> = [
  [NUMBERS, 'a number'],
  [['string'], 'a text'],
  [['bool'], 'true or false'],
  [['timestamp'], 'a timestamp'],
  [['duration'], 'a duration'],
]
const orderOf = (kind: Kind) => ORDERED.find(([kinds]) => kinds.includes(kind)) ?? null
const orderOfAll = ({ kinds }: Possible) => {
  const orders = new Set([...kinds].map(orderOf))
  return orders.size === 1 ? ([...orders][0] ?? null) : null
}

/** Where `<` and the like fail, or null. */
export function orderProblem(a: Possible, b: Possible, [left, right]: Names): string | null {
  if (a.kinds.size === 0 || b.kinds.size === 0) return null
  const [x, y] = [orderOfAll(a), orderOfAll(b)]
  if (x !== null && x === y) return null
  if (y !== null) return `${left} isn’t ${y[1]}`
  return x === null ? `${left} and ${right} can’t be compared` : `${right} isn’t ${x[1]}`
}

// ── arithmetic ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** `report` gets where it fails. */
export function arithmeticOf(op: Arithmetic, a: Possible, b: Possible, names: Names, report: Report): Possible {
  if (a.constant !== undefined && b.constant !== undefined) {
    const [x, y] = [a.constant, b.constant]
    const constant = folded(() => arithmetic(op, x, y, `${names[0]} ${op} ${names[1]}`))
    if (constant !== null) return constant
    report('it is evaluated')
    return NEVER
  }
  let result = NEVER
  for (const x of a.kinds) {
    for (const y of b.kinds) {
      const of = pair(op, { ...a, kinds: new Set([x]) }, { ...b, kinds: new Set([y]) }, names, report)
      if (of === null) report(mismatch(op, a, b, names))
      else result = either(result, of)
    }
  }
  return result
}

function mismatch(op: Arithmetic, a: Possible, b: Possible, [left, right]: Names): string {
  const isNumber = ({ kinds }: Possible) => [...kinds].every(kind => NUMBERS.includes(kind))
  if (isNumber(b)) return `${left} isn’t a number`
  return isNumber(a) ? `${right} isn’t a number` : `\`${op}\` can’t take ${left} and ${right}`
}

/** The result for a value of one kind and one of another; null if the operation doesn't take them. */
function pair(op: Arithmetic, a: Possible, b: Possible, names: Names, report: Report): Possible | null {
  const kinds = `${[...a.kinds].join()} ${[...b.kinds].join()}`
  switch (kinds) {
    case 'int int':
      return integers(op, a, b, names, report)
    case 'int double':
    case 'double int':
    case 'double double':
      return doubles(op, a, b, names, report)
    case 'decimal decimal':
    case 'int decimal':
    case 'double decimal':
    case 'decimal int':
    case 'decimal double':
      return decimals(op, b, names, report)
    case 'string string':
      return op === '+' ? texts(a, b, report) : null
    case 'list list':
      return op === '+' ? lists(a, b, report) : null
    default:
      return times(`${[...a.kinds].join()} ${op} ${[...b.kinds].join()}`, report)
  }
}

function texts(a: Possible, b: Possible, report: Report): Possible {
  const length = a.length + b.length
  if (length > MAX_TEXT) report(`the text becomes longer than ${grouped(MAX_TEXT)} characters`)
  return anyOf(['string'], { length })
}

function lists(a: Possible, b: Possible, report: Report): Possible {
  const most = a.size[1] + b.size[1]
  if (most > MAX_LIST) report(`the list becomes longer than ${grouped(MAX_LIST)} elements`)
  return anyOf(['list'], { size: [a.size[0] + b.size[0], most], of: either(within(a), within(b)) })
}

function times(kinds: string, report: Report): Possible | null {
  switch (kinds) {
    case 'timestamp + duration':
    case 'duration + timestamp':
    case 'timestamp - duration':
      report('the timestamp is before the year 1 or after the year 9999')
      return anyOf(['timestamp'])
    case 'duration + duration':
    case 'duration - duration':
      report('the duration is longer than 10,000 years')
      return anyOf(['duration'])
    case 'timestamp - timestamp':
      return anyOf(['duration'])
    default:
      return null
  }
}

// ── numbers ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const magnitude = ([least, most]: readonly [bigint, bigint]) => (-least > most ? -least : most)
const holdsZero = (least: bigint | number, most: bigint | number) => least <= 0 && most >= 0

function integers(op: Arithmetic, a: Possible, b: Possible, [, right]: Names, report: Report): Possible {
  const [x, y] = [a.int, b.int]
  if (x[0] > x[1] || y[0] > y[1]) return NEVER
  if (op === '/' || op === '%') {
    if (!b.nonzero && holdsZero(...y)) report(`${right} is 0`)
    const most = magnitude(x)
    // The only quotient that is larger than its dividend can be.
    if (op === '/' && x[0] === INT_BOUNDS[0] && holdsZero(y[0] + 1n, y[1] + 1n)) report(TOO_LARGE)
    return anyOf(['int'], { int: inInts(-most, most) })
  }
  const corners = x.flatMap(i => y.map(j => (op === '+' ? i + j : op === '-' ? i - j : i * j)))
  const [least, most] = [corners.reduce(lesser), corners.reduce(greater)]
  if (least < INT_BOUNDS[0] || most > INT_BOUNDS[1]) report(TOO_LARGE)
  return anyOf(['int'], { int: inInts(least, most) })
}

const inInts = (least: bigint, most: bigint): readonly [bigint, bigint] => [
  least < INT_BOUNDS[0] ? INT_BOUNDS[0] : least,
  most > INT_BOUNDS[1] ? INT_BOUNDS[1] : most,
]

const asDoubles = ({ kinds, int, double }: Possible): readonly [number, number] =>
  kinds.has('int') ? [Number(int[0]), Number(int[1])] : double

/** How many digits there are isn't known. */
function decimals(op: Arithmetic, b: Possible, [, right]: Names, report: Report): Possible {
  if ((op === '/' || op === '%') && !b.nonzero) report(`${right} is 0`)
  report('a decimal has too many digits')
  return anyOf(['decimal'])
}

/** Rounding is monotone, so that the bounds of a result are results of bounds. */
function doubles(op: Arithmetic, a: Possible, b: Possible, [, right]: Names, report: Report): Possible {
  const [x, y] = [asDoubles(a), asDoubles(b)]
  if (x[0] > x[1] || y[0] > y[1]) return NEVER
  const zero = !b.nonzero && holdsZero(...y)
  if (zero && (op === '/' || op === '%')) report(`${right} is 0`)
  const most = Math.max(-x[0], x[1])
  if (op === '%') return anyOf(['double'], { double: [-most, most] })
  const corners = x.flatMap(i => divisors(op, b, y).map(j => of(op, i, j)))
  const bounds: readonly [number, number] = [Math.min(...corners), Math.max(...corners)]
  if (Number.isFinite(bounds[0]) && Number.isFinite(bounds[1])) return anyOf(['double'], { double: bounds })
  report(NOT_FINITE)
  return anyOf(['double'], { double: DOUBLE_BOUNDS })
}

function of(op: Arithmetic, i: number, j: number): number {
  switch (op) {
    case '+':
      return i + j
    case '-':
      return i - j
    case '/':
      return i / j
    default:
      return i * j
  }
}

/** Bounds of the second operand; of a divisor those next to 0, too, where the quotient is greatest. */
function divisors(op: Arithmetic, b: Possible, [least, most]: readonly [number, number]): readonly number[] {
  if (op !== '/') return [least, most]
  const next = b.kinds.has('int') ? 1 : Number.MIN_VALUE
  const near = [...(least <= -next ? [Math.min(most, -next)] : []), ...(most >= next ? [Math.max(least, next)] : [])]
  return [...[least, most].filter(each => each !== 0), ...near]
}

/** `-x` of a number. */
export function negated(a: Possible, report: Report): Possible {
  if (a.kinds.has('int') && a.int[0] === INT_BOUNDS[0]) report(TOO_LARGE)
  const { constant: _, int, double, ...rest } = a
  return { ...rest, int: inInts(-int[1], -int[0]), double: [-double[1], -double[0]] }
}
