/** A row as its entries tell of it, for filters: what happened to it, what it cost, and its values. */
import type { SubjectEntry } from '../format/entry.ts'
import { VISIT_HELD } from '../format/entry.ts'
import { type FullEntry, isReadable } from '../ledger/read-port.ts'
import { parseJson } from '../model/json.ts'
import { isObject, type Json, type Row } from '../model/row.ts'
import { DecodeError, decodeCanonicalEntry } from '../read/decode.ts'
import { decoded } from '../read/evidence/checked-entry.ts'
import { readable } from '../read/runs/damaged.ts'
import type { StoredValue } from '../read/values.ts'
import { eachLeaf, type TellLeaf } from './leaves.ts'
import type { EntryTerms } from './terms.ts'

/** An entry with its values as they are stored, in order. */
export interface ReadEntry {
  readonly entry: SubjectEntry
  readonly values: readonly StoredValue[]
}

export interface RowFacts {
  readonly terms: ReadonlySet<string>
  /** Time of its latest entry. */
  readonly recorded_us: number
  /** Of all visits that are over. */
  readonly duration_us: number
  /** Nano-dollars, of its calls. */
  readonly cost_nusd: number
  /** As it was ingested; null if that is erased, or the record was rejected. */
  readonly data: Row | null
  readonly entries: readonly ReadEntry[]
}

/** As a reader that checks gives it. @throws UnsoundRecord if its values aren't what was committed to. */
export function checkedEntry(log: number, stored: FullEntry): ReadEntry {
  const { entry, payload } = readable(log, () => decoded(stored))
  return { entry, values: payload?.values ?? [] }
}

/** As it stands in the file: for whoever looks for candidates. @throws CustodyError CUSTODY_VERIFY_FAILED */
export function plainEntry(log: number, { seq, body, payload }: FullEntry): ReadEntry {
  return readable(log, () => ({
    entry: decodeCanonicalEntry(seq, body),
    values: plainValues(seq, payload !== null && isReadable(payload) ? payload.body : '[]'),
  }))
}

const ERASED: StoredValue = { kind: 'erased' }

function plainValues(seq: number, body: string): readonly StoredValue[] {
  const values = jsonOf(seq, body)
  return Array.isArray(values) ? values.map(plainValue) : []
}

function jsonOf(seq: number, body: string): Json {
  try {
    return parseJson(body)
  } catch (error) {
    if (error instanceof SyntaxError) throw new DecodeError(seq, `the payload is not JSON: ${error.message}`)
    throw error
  }
}

/** Of what was changed without being unset nothing else is asked here. */
function plainValue(stored: Json): StoredValue {
  if (!Array.isArray(stored)) return ERASED
  const [first, set] = stored
  if (stored.length === 1) return { kind: 'full', value: first ?? null }
  return { kind: 'patch', base: Number(first), set: isObject(set) ? set : {}, unset: [] }
}

/** Of all entries of one row, in their order. */
export function factsOf(entries: readonly ReadEntry[], entry_terms: EntryTerms): RowFacts {
  const terms = new Set<string>()
  let [recorded_us, duration_us, cost_nusd] = [0, 0, 0]
  for (const { entry } of entries) {
    entry_terms.each(entry, term => terms.add(term))
    recorded_us = Math.max(recorded_us, entry.time_us)
    duration_us += durationOf(entry)
    cost_nusd += costOf(entry)
  }
  return { terms, recorded_us, duration_us, cost_nusd, data: dataOf(entries[0]), entries }
}

export function durationOf({ visits }: SubjectEntry): number {
  let sum = 0
  // What is held is recorded again, as a whole, when its group closes.
  for (const { status, duration_us } of visits) if (status !== VISIT_HELD) sum += duration_us
  return sum
}

export function costOf({ calls }: SubjectEntry): number {
  let sum = 0
  for (const { cost_nusd } of calls) sum += cost_nusd
  return sum
}

function dataOf(first: ReadEntry | undefined): Row | null {
  const value = first?.values[0]
  if (first?.entry.origin == null || first.entry.visits[0]?.error != null) return null
  return value?.kind === 'full' && isObject(value.value) ? value.value : null
}

/** Texts of all values that an entry has. */
export function eachText({ values }: ReadEntry, tell: TellLeaf): void {
  for (const value of values) if (isThere(value)) eachLeaf(storedOf(value), '', tell)
}

/** The same of those that are data of the row: as a token was born, came to a node, and left it. */
export function eachDataText({ entry, values }: ReadEntry, tell: TellLeaf): void {
  const data = new Set<number>()
  for (const { value } of entry.births) data.add(value)
  for (const visit of entry.visits) data.add(visit.in).add(visit.out)
  values.forEach((value, i) => {
    if (isThere(value) && data.has(entry.first_value + i)) eachLeaf(storedOf(value), '', tell)
  })
}

type There = Extract<StoredValue, { kind: 'full' | 'patch' }>

function isThere(value: StoredValue): value is There {
  return value.kind === 'full' || value.kind === 'patch'
}

function storedOf(value: There): Json {
  return value.kind === 'full' ? value.value : value.set
}
