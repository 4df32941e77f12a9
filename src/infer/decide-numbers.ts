/** How the numbers of a file are written: one convention for all of its columns; and which type holds those of a column. */
import type { ExactName } from './declarable.ts'
import { CONVENTIONS, type Convention, type Numbers } from './number-evidence.ts'
import type { TextColumn } from './text-column.ts'

export interface ConventionFinding {
  readonly convention: Convention
  readonly doubts: readonly string[]
}

/** @param columns those that aren't something else already */
export function chooseConvention(columns: readonly TextColumn[], delimiter: string): ConventionFinding {
  const fits = (convention: Convention) => columns.filter(column => isNumeric(column, convention))
  let best: Convention = { decimal: '.' }
  let most: readonly TextColumn[] = []
  for (const convention of CONVENTIONS) {
    const fitting = fits(convention)
    if (fitting.length > most.length) [best, most] = [convention, fitting]
  }
  if (most.length === 0) return { convention: CONVENTIONS[0] ?? best, doubts: [] }
  const other = otherMeaning(best)
  if (other === null || fits(other).length < most.length) return { convention: best, doubts: [] }
  const threes = most.filter(column => hasOnlyThrees(column, best))
  const [open] = threes
  const fractions = most.filter(column => (column.numbers.under(best)?.fractions ?? 0) > 0)
  if (open === undefined || threes.length < fractions.length) return { convention: best, doubts: [] }
  // A comma in a file of semicolons stands before fractions more often than it groups digits.
  const groups = best.decimal === ',' && delimiter !== ';'
  const convention = groups ? other : best
  return { convention, doubts: [doubtOf(open, convention)] }
}

/** The same sign with the other meaning: what stands before the fraction groups digits. */
function otherMeaning({ decimal, thousands }: Convention): Convention | null {
  if (thousands !== undefined) return null
  return CONVENTIONS.find(each => each.thousands === decimal && each.decimal !== decimal) ?? null
}

function isNumeric(column: TextColumn, convention: Convention): boolean {
  const numbers = column.numbers.under(convention)
  return numbers !== null && numbers.misses.count === 0 && column.numbers.zero_led.count === 0
}

/** Whether each fraction has three digits, as groups have. */
function hasOnlyThrees(column: TextColumn, convention: Convention): boolean {
  const numbers = column.numbers.under(convention)
  return numbers !== null && numbers.fractions > 0 && numbers.scale_min === 3 && numbers.scale_max === 3
}

function doubtOf({ field }: TextColumn, { decimal, thousands }: Convention): string {
  const sign = thousands ?? decimal
  const [read, else_] = thousands === undefined ? ['1.234', '1234'] : ['1234', '1.234']
  const other = sign === ',' ? '.' : ','
  const instead =
    thousands === undefined ? `decimal: '${other}' and thousands: '${sign}'` : `decimal: '${sign}' without thousands`
  return `whether ${field} groups digits or has fractions: 1${sign}234 is read as ${read}; if it means ${else_}, set ${instead}`
}

export type NumberType = 'integer' | 'number' | ExactName

/**
 * The type that keeps all that is written: amounts with as many digits behind the point in each, as those of money, are decimals; so are
 * those of which a double would lose zeros or digits. Null if none does.
 */
export function numberType(
  numbers: Numbers,
  column: Pick<TextColumn, 'values' | 'empty' | 'nothings'>,
): NumberType | null {
  const { fractions, zeros, scale_min, scale_max, zero_ended, large, long, rounded, inexact } = numbers
  const beyond = large.count + rounded.count > 0
  // Tools that know no missing integers write a column with gaps as `1.0`.
  const gaps = column.empty > 0 || column.nothings.size > 0
  if (fractions === 0 || (gaps && zeros === fractions)) {
    if (!beyond) return 'integer'
    return inexact.count > 0 ? null : 'big_integer'
  }
  if (inexact.count > 0) return beyond ? null : 'number'
  if (fractions === column.values && scale_min === scale_max) return `decimal(${scale_min})`
  return beyond || zero_ended.count + long.count > 0 ? 'decimal' : 'number'
}
