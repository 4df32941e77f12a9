/** What is worth knowing of a column beside its type, and what isn't certain, in words. */
import { counted, grouped } from '../model/number-text.ts'
import { COMPACT, type DateEvidence } from './date-evidence.ts'
import type { Kind } from './decide.ts'
import { type Examples, shown } from './examples.ts'
import { CONVENTIONS, type Convention } from './number-evidence.ts'
import type { TextColumn } from './text-column.ts'
import { isPlainlyNothing } from './words.ts'

export interface Described {
  readonly remarks: readonly string[]
  readonly doubts: readonly string[]
}

interface Decided {
  readonly kind: Kind
  /** What it would be if its words for nothing were null. */
  readonly natural: Kind
  readonly nothings: ReadonlySet<string>
  readonly convention: Convention
  readonly unique: boolean
  /** Cells that are null. */
  readonly missing: number
}

export function describe(column: TextColumn, decided: Decided): Described {
  const doubts = doubtsOf(column, decided)
  return { remarks: [...remarksOf(column, decided)], doubts }
}

function* remarksOf(column: TextColumn, decided: Decided): Generator<string> {
  const { kind, unique, missing } = decided
  if (unique) yield uniqueText(column)
  if (kind.kind === 'date') yield `dates, ${kind.iso ? 'ISO 8601' : `${kind.pattern} in the file`}`
  if (kind.kind === 'number') yield* exactOf(kind)
  if (missing > 0 && missing < column.total) yield `${grouped(missing)} of ${grouped(column.total)} empty`
  yield* spreadOf(column)
  if (kind.kind === 'text') yield* almostOf(column, decided)
  if (column.padded.count > 0) yield `blanks around ${counted(column.padded.count, 'cell')}: ${column.padded.first}`
  yield* wordsOf(column, decided)
}

function uniqueText({ uniqueness, total }: TextColumn): string {
  if (uniqueness.complete) return 'unique'
  return `unique as far as was compared: with the first ${grouped(uniqueness.remembered)} of ${grouped(total)}`
}

const FEW = 6
const MOST_LISTED = 60

/** How its values are spread: none, one, or a few. */
export function* spreadOf({
  few,
  values,
  total,
  nothings,
}: Pick<TextColumn, 'few' | 'values' | 'total' | 'nothings'>): Generator<string> {
  if (total > 0 && values === 0 && nothings.size === 0) yield 'always empty: its type is a guess'
  const { top } = few
  if (top === null || values < 2) return
  if (few.complete && few.counts.size === 1) yield `always ${shown(top.value)}`
  else if (values >= 100 && top.count * 100 >= values * 99)
    yield `nearly always ${shown(top.value)}: ${grouped(top.count)} of ${grouped(values)}`
  else if (few.complete && few.counts.size <= FEW && values >= few.counts.size * 5) {
    const list = [...few.counts.keys()].sort().map(shown).join(', ')
    if (list.length <= MOST_LISTED) yield `one of ${list}`
  }
}

/** Why it is, or isn't, one of the types that keep all digits. */
function* exactOf({ type, numbers }: Extract<Kind, { readonly kind: 'number' }>): Generator<string> {
  const { large, long, rounded, scale_min, zero_ended } = numbers
  const [most] = [rounded, large, long].filter(({ count }) => count > 0)
  if (type === 'big_integer') yield `whole numbers beyond 2^53, ${(most ?? large).first}`
  else if (type === 'number' && most !== undefined) yield `some have more digits than a number keeps, ${most.first}`
  else if (type === 'decimal')
    yield most === undefined
      ? `zeros at the end are kept, ${zero_ended.first}`
      : `more digits than a number keeps, ${most.first}`
  else if (type !== 'number' && type !== 'integer') yield `each has ${counted(scale_min, 'digit')} behind the point`
}

/** Why it is a text, though it looks like something else. */
function* almostOf(column: TextColumn, { convention, natural }: Decided): Generator<string> {
  const { numbers, dates, values } = column
  const found = numbers.under(convention)
  const fitting = found !== null && found.misses.count === 0
  const zeros = numbers.zero_led
  if (natural.kind !== 'text' && natural.kind !== 'empty') {
    const words = [...column.nothings.values()].map(({ first }) => first).join(', ')
    yield `kept as text: ${natural.kind === 'number' ? natural.type : natural.kind} but for ${words}, which may be a value elsewhere`
  } else if (zeros.count > 0 && fitting) yield `kept as text: zeros before numbers, ${zeros.first}`
  else if (fitting && found.inexact.count > 0)
    yield `kept as text: numbers with more digits than any type has, ${found.inexact.first}`
  else if (numbers.dressed.count === values && values > 0)
    yield `kept as text: numbers with a sign or a unit, ${numbers.dressed.first}`
  else {
    const almost = [mostlyNumbers(column), mostlyDates(dates)].find(
      each => each !== null && isFew(each.misses.count, values),
    )
    if (almost !== undefined && almost !== null)
      yield `kept as text: ${almost.what}, but not ${grouped(almost.misses.count)} of ${grouped(values)}: ${almost.misses.text}`
  }
}

interface Almost {
  readonly what: string
  readonly misses: Examples
}

/** By the convention that most of them follow. */
function mostlyNumbers({ numbers }: TextColumn): Almost | null {
  let best: Almost | null = null
  for (const convention of CONVENTIONS) {
    const found = numbers.under(convention)
    if (found === null || (best !== null && found.misses.count >= best.misses.count)) continue
    const { decimal, thousands } = convention
    const options = [
      ...(decimal === '.' ? [] : ["decimal: ','"]),
      ...(thousands ? [`thousands: ${shown(thousands)}`] : []),
    ]
    best = { what: `numbers${options.length > 0 ? ` (${options.join(', ')})` : ''}`, misses: found.misses }
  }
  return best
}

function mostlyDates({ alive, finding, misses }: DateEvidence): Almost | null {
  if (!alive || finding.kind === 'none') return null
  const pattern = finding.kind === 'pattern' ? finding.pattern : `${finding.day_first} or ${finding.month_first}`
  return { what: `dates (${pattern})`, misses }
}

/** One in five at most. */
function isFew(misses: number, values: number): boolean {
  return misses > 0 && misses * 5 <= values
}

/** Words that may stand for nothing. */
function* wordsOf({ nothings }: TextColumn, { kind, nothings: taken }: Decided): Generator<string> {
  if (kind.kind === 'empty' && nothings.size > 0)
    yield `nothing but words for nothing: ${[...nothings.keys()].slice(0, FEW).map(shown).join(', ')}`
  for (const [word, { count }] of nothings) {
    if (taken.has(word)) {
      if (kind.kind === 'text') yield `${shown(word)} is null here, too (${grouped(count)})`
    } else if (kind.kind === 'text' && isPlainlyNothing(word))
      yield `${shown(word)} in ${counted(count, 'cell')}; if it means that there is nothing, add it to null_values`
  }
}

function doubtsOf(column: TextColumn, { kind }: Decided): readonly string[] {
  const { dates, field } = column
  if (dates.misses.count > 0 || !dates.alive || dates.count === 0) return []
  const { finding } = dates
  if (finding.kind === 'either') {
    const { day_first, month_first } = finding
    return [
      `whether ${field} has dates as ${day_first} or as ${month_first}: no value shows it, so they stay texts; add the right one to date_format`,
    ]
  }
  if (finding.kind === 'pattern' && finding.pattern === COMPACT && kind.kind !== 'date')
    return [
      `whether ${field} has dates: all are eight digits that could be ${COMPACT}; if so, declare it as string and add it to date_format`,
    ]
  return []
}
