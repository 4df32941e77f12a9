/**
 * What all cells of a column have in common. Every question is asked of every cell of the file in one pass, with bounded memory; what they
 * come to is decided at the end (decide.ts), when the other columns are known, too.
 */

import { JsonTextError, parseStrict } from '../model/json.ts'
import { isObject } from '../model/row.ts'
import type { Cell } from '../plugins/sources/csv-scanner.ts'
import { DateEvidence } from './date-evidence.ts'
import { type Budget, FewValues, Uniqueness } from './distinct.ts'
import { Examples, type LineName } from './examples.ts'
import { NumberEvidence } from './number-evidence.ts'
import { isNothing, isTruth } from './words.ts'

export class TextColumn {
  readonly field: string
  /** As it stands in the file. */
  readonly header: string
  /** Records. */
  total = 0
  /** Without a cell, or with one that is empty. */
  empty = 0
  /** Empty ones in quotes. */
  readonly quoted_empty = new Examples()
  /** Words that may say that there is nothing. */
  readonly nothings = new Map<string, Examples>()
  /** All others. */
  values = 0
  /** With blanks before or behind. */
  readonly padded = new Examples()
  /** In quotes that are part of them. */
  in_quotes = 0
  /** Null as soon as one is neither true nor false. */
  truths: Set<string> | null = new Set()
  readonly numbers = new NumberEvidence()
  readonly dates = new DateEvidence()
  /** What JSON all of them are; null if they aren't. */
  json: 'array' | 'object' | null | undefined
  readonly few = new FewValues()
  readonly uniqueness: Uniqueness

  constructor(field: string, header: string, budget: Budget) {
    this.field = field
    this.header = header
    this.uniqueness = new Uniqueness(budget)
  }

  add(cell: Cell, line: LineName): void {
    this.total += 1
    if (cell === null) this.empty += 1
    else if (cell === '') this.quoted_empty.add('', line)
    else if (isNothing(cell)) this.#addNothing(cell, line)
    else this.#addValue(cell, line)
  }

  #addNothing(cell: string, line: LineName): void {
    const examples = this.nothings.get(cell) ?? new Examples()
    this.nothings.set(cell, examples)
    examples.add(cell, line)
    this.few.add(cell)
  }

  #addValue(cell: string, line: LineName): void {
    this.values += 1
    if (/^\s|\s$/.test(cell)) this.padded.add(cell, line)
    if (/^".*"$/s.test(cell)) this.in_quotes += 1
    if (this.truths !== null && !isTruth(cell)) this.truths = null
    this.truths?.add(cell)
    if (this.numbers.alive) this.numbers.add(cell, line)
    if (this.dates.alive) this.dates.add(cell, line)
    if (this.json !== null) this.json = jsonOf(cell, this.json)
    this.few.add(cell)
    this.uniqueness.add(cell)
  }
}

function jsonOf(cell: string, before: 'array' | 'object' | undefined): 'array' | 'object' | null {
  if (!/^\s*[[{]/.test(cell)) return null
  try {
    const value = parseStrict(cell)
    const kind = Array.isArray(value) ? 'array' : isObject(value) ? 'object' : null
    return before === undefined || before === kind ? kind : null
  } catch (error) {
    if (error instanceof JsonTextError) return null
    throw error
  }
}
