/** What all values of a field have in common, in sources whose values have types of their own. */

import type { Json } from '../model/row.ts'
import { toNumber } from '../sdk/cell.ts'
import { DateEvidence } from './date-evidence.ts'
import { type Budget, FewValues, Uniqueness } from './distinct.ts'
import { Examples, type LineName } from './examples.ts'

export type JsonType = 'string' | 'integer' | 'big_integer' | 'number' | 'boolean' | 'array' | 'object'

/** Doubles from here on are written with an exponent. */
const PLAIN_END = 1e21

export class JsonColumn {
  readonly field: string
  /** Records that have the field, null or not. */
  present = 0
  nulls = 0
  readonly types = new Map<JsonType, Examples>()
  /** Of texts: how many are numbers, and how many have blanks around them. */
  numeric_texts = 0
  /** Of numbers beyond 2^53: how many are whole, and written as such. */
  whole = 0
  readonly padded = new Examples()
  readonly dates = new DateEvidence()
  readonly few = new FewValues()
  readonly uniqueness: Uniqueness

  constructor(field: string, budget: Budget) {
    this.field = field
    this.uniqueness = new Uniqueness(budget)
  }

  get values(): number {
    return this.present - this.nulls
  }

  /** @param value a bigint: a whole number that no double is */
  add(value: Json | bigint, line: LineName): void {
    this.present += 1
    if (value === null) {
      this.nulls += 1
      return
    }
    const type = typeOf(value)
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
    if (type === 'number' && Number.isInteger(value) && Math.abs(Number(value)) < PLAIN_END) this.whole += 1
    const examples = this.types.get(type) ?? new Examples()
    this.types.set(type, examples)
    examples.add(text, line)
    if (typeof value === 'string') this.#addText(value, line)
    if (type === 'array' || type === 'object') return
    this.few.add(text)
    this.uniqueness.add(text)
  }

  #addText(value: string, line: LineName): void {
    if (toNumber(value) !== undefined) this.numeric_texts += 1
    if (/^\s|\s$/.test(value)) this.padded.add(value, line)
    if (this.dates.alive) this.dates.add(value, line)
  }
}

function typeOf(value: Exclude<Json, null> | bigint): JsonType {
  if (typeof value === 'bigint') return 'big_integer'
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'number'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'boolean'
  return Array.isArray(value) ? 'array' : 'object'
}
