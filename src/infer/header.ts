/** Whether the first record of a table names its columns: by what the others hold in the same columns. */
import type { Cell } from '../plugins/sources/csv-scanner.ts'
import { type CellKind, kindOf } from './cell-kind.ts'

export interface HeaderGuess {
  readonly header: boolean
  /** Why it is a guess; null where it is hardly one. */
  readonly doubt: string | null
}

const LOOKED_AT = 500
const SOLID: ReadonlySet<CellKind> = new Set(['number', 'date', 'time', 'boolean'])

/** @param rest records behind the first, as wide as it is */
export function guessHeader(first: readonly Cell[], rest: readonly (readonly Cell[])[]): HeaderGuess {
  const kinds = first.map(kindOf)
  if (areYears(first, kinds)) return { header: true, doubt: null }
  if (rest.length === 0) {
    const header = kinds.every(kind => kind === 'text' || kind === 'empty')
    return { header, doubt: 'there is one record only' }
  }
  const votes = first.reduce(
    (sum, cell, index) =>
      sum +
      vote(
        cell,
        rest.slice(0, LOOKED_AT).map(cells => cells[index] ?? null),
      ),
    0,
  )
  if (votes !== 0)
    return { header: votes > 0, doubt: Math.abs(votes) < 1 ? 'its columns hold nothing but texts' : null }
  const names = first.every(cell => cell !== null && cell !== '') && new Set(first).size === first.length
  return { header: names, doubt: 'its columns hold nothing but texts' }
}

/** Above 0: it is a name; below: it is a value as those below it are. What texts say counts little. */
function vote(cell: Cell, below: readonly Cell[]): number {
  const kind = kindOf(cell)
  const others = below.map(kindOf).filter(each => each !== 'empty')
  if (others.length === 0) return 0
  const solid = others.filter(each => SOLID.has(each)).length
  if (solid * 10 >= others.length * 9) {
    if (kind === 'text') return 1
    return kind === 'empty' || others.filter(each => each === kind).length * 2 < others.length ? 0 : -1
  }
  if (SOLID.has(kind)) return -0.2
  if (cell === null || cell === '') return -0.01
  return below.includes(cell) ? -0.1 : evenness(cell, below)
}

/** Columns whose cells are all of one length, such as codes: a name has another one. */
function evenness(cell: string, below: readonly Cell[]): number {
  const lengths = new Set(below.map(each => each?.length ?? 0))
  if (lengths.size > 1 || below.length < 3) return 0
  // Most tables have a header: what speaks against it must do so often.
  return lengths.has(cell.length) ? (below.length < 10 ? 0 : -0.05) : 0.05
}

/** `country, 2010, 2011, …`: years, none twice, rising or falling by the same, beside at least one text. */
function areYears(first: readonly Cell[], kinds: readonly CellKind[]): boolean {
  const years = first.filter(cell => cell !== null && /^(?:1[5-9]|20)\d\d$/.test(cell)).map(Number)
  const texts = kinds.filter(kind => kind === 'text' || kind === 'empty').length
  if (years.length < 2 || texts === 0 || years.length + texts < first.length) return false
  const step = (years[1] ?? 0) - (years[0] ?? 0)
  return step !== 0 && years.every((year, index) => index === 0 || year - (years[index - 1] ?? 0) === step)
}
