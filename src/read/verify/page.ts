/**
 * A page of a log, read to be verified, with all that can be found out of an entry and its payload by looking at nothing else. That is
 * most of the work, and can be done in other threads (`PageSource`); what one entry says against others is for run.ts.
 */
import { commitment, leafHash, SALT_BYTES } from '../../format/hash.ts'
import type { FullEntry, LedgerReader, StoredEnding, StoredEntry, StoredPayload } from '../../ledger/read-port.ts'
import { canonicalize, isCanonical, NotJsonError } from '../../model/canonical.ts'
import { type CustodyError, isCustodyError } from '../../model/error.ts'
import { derive, isRow, type Json, type Row } from '../../model/row.ts'
import type { Hash } from '../../model/sha256.ts'
import { DecodeError } from '../decode.ts'
import { decodePayload, type StoredValue } from '../values.ts'
import { endedIn, endingsOf, hasEndings } from './stored-endings.ts'

export const PAGE_ENTRIES = 1024

/** Larger payloads, and such with more values, are left to who folds: there are limits for what changes may come to. */
const MOST_UNITS = 1024 * 1024
const MOST_VALUES = 64

/** An entry that was looked at by itself. */
export interface Looked {
  readonly entry: StoredEntry
  readonly leaf: Hash
  /** Its text is JSON, and equals its own canonical re-encoding. */
  readonly is_canonical: boolean
  /** Each value that it commits to is there, in a payload of the right form, and fits its commitment. */
  readonly has_values: boolean
  /** Each ending that it tells is in the table of endings as it says. */
  readonly has_endings: boolean
  /** null if there is none; and where nobody needs it any more, because of its subject nothing is open. */
  readonly payload: StoredPayload | null
}

/** What is wanted of a log. */
export interface PageRequest {
  readonly log: number
  /** Entries from here on are left out: they came later. */
  readonly end: number
  /** Of each value, not only of such that later entries may need. */
  readonly all_payloads: boolean
}

type Facts = { readonly [key: string]: Json }
/** What it takes to look at a page. */
export type PageReader = Pick<LedgerReader, 'page' | 'ending' | 'endingsBetween'>

/** Pages of a log in their order. */
export type PageSource = (request: PageRequest) => AsyncIterable<readonly Looked[]>

/** Does all of it here. */
export function pagesHere(reader: PageReader): PageSource {
  return async function* (request) {
    for (let from = 0; from < request.end; from += PAGE_ENTRIES) {
      const { page, failure } = await lookedAt(reader, request, from)
      yield page
      if (failure !== null) throw failure
    }
  }
}

/** `failure`: why the page ends before its end. */
export interface LookedAt {
  readonly page: readonly Looked[]
  readonly failure: CustodyError | null
}

/** The entries from `from` to `from + PAGE_ENTRIES`, as far as they are there. */
export async function lookedAt(
  reader: PageReader,
  { log, end, all_payloads }: PageRequest,
  from: number,
): Promise<LookedAt> {
  const to = Math.min(end, from + PAGE_ENTRIES)
  const { entries, failure } = await readable(reader, log, from, to)
  const facts = entries.map(({ body }) => canonicalFacts(body))
  const endings = await storedEndings(reader, log, facts)
  return { page: entries.map((each, i) => look(each, facts[i] ?? null, endings, all_payloads)), failure }
}

/** If something among them can't be read, what stands before it. */
async function readable(
  reader: PageReader,
  log: number,
  from: number,
  to: number,
): Promise<{ readonly entries: readonly FullEntry[]; readonly failure: CustodyError | null }> {
  const entries: FullEntry[] = []
  try {
    return { entries: await reader.page(log, from, to), failure: null }
  } catch (error) {
    if (!isCustodyError(error)) throw error
  }
  try {
    for (let seq = from; seq < to; seq++) entries.push(...(await reader.page(log, seq, seq + 1)))
  } catch (error) {
    if (!isCustodyError(error)) throw error
    return { entries, failure: error }
  }
  return { entries, failure: null }
}

/** Where the table can't be read that is found again, and told, by who folds. */
async function storedEndings(
  reader: PageReader,
  log: number,
  facts: ReadonlyArray<Facts | null>,
): Promise<ReadonlyMap<number, StoredEnding>> {
  const tokens = facts.flatMap(each => (each === null ? [] : endedIn(each)))
  if (tokens.length === 0) return new Map()
  try {
    return await endingsOf(reader, log, tokens)
  } catch (error) {
    if (!isCustodyError(error)) throw error
    return new Map()
  }
}

function look(
  { payload, ...entry }: FullEntry,
  facts: Facts | null,
  endings: ReadonlyMap<number, StoredEnding>,
  all_payloads: boolean,
): Looked {
  const leaf = leafHash(entry.body)
  if (facts === null) return { entry, leaf, is_canonical: false, has_values: false, has_endings: false, payload }
  const has_values = payload !== null && fitAll(facts, payload)
  const is_needed = all_payloads || !has_values || facts.o !== 0 || facts.f !== undefined
  const has_endings = hasEndings(facts, entry, endings)
  return { entry, leaf, is_canonical: true, has_values, has_endings, payload: is_needed ? payload : null }
}

/** null if the text isn't canonical. */
function canonicalFacts(body: string): Facts | null {
  try {
    const facts = JSON.parse(body) as Json
    const is_object = typeof facts === 'object' && facts !== null && !Array.isArray(facts)
    return is_object && isCanonical(facts, body) ? (facts as Facts) : null
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof NotJsonError) return null
    throw error
  }
}

function fitAll({ c, w }: Facts, payload: StoredPayload): boolean {
  if (!Array.isArray(c) || typeof w !== 'number' || c.length > MOST_VALUES || payload.body.length > MOST_UNITS)
    return false
  try {
    const { values } = decodePayload(payload)
    if (values.length !== c.length) return false
    const told: Json[] = []
    return values.every((value, i) => {
      const full = fullValue(value, told, w)
      if (full === undefined) return false
      told.push(full)
      const salt = payload.salts.subarray(i * SALT_BYTES, (i + 1) * SALT_BYTES)
      // What stands in a canonical text is canonical as it is.
      return commitment(salt, value.kind === 'full' ? JSON.stringify(full) : canonicalize(full)) === c[i]
    })
  } catch (error) {
    if (error instanceof DecodeError || error instanceof NotJsonError) return false
    throw error
  }
}

/** undefined if it is erased, or a change of a value of another entry, or one that can't be made. `told`: those from `first` on. */
function fullValue(value: StoredValue, told: readonly Json[], first: number): Json | undefined {
  if (value.kind === 'full') return value.value
  if (value.kind === 'erased') return undefined
  const base = told[value.base - first]
  if (!isRow(base) || value.unset.some(field => !Object.hasOwn(base, field) || Object.hasOwn(value.set, field)))
    return undefined
  return derive(base as Row, value.set, value.unset)
}

// ── from thread to thread ───────────────────────────────────────────────────────────────────────────────────────────

/** A page by columns: that takes a quarter of the time that its objects would. */
export interface PackedPage {
  readonly seqs: readonly number[]
  readonly rows: ReadonlyArray<number | null>
  readonly batches: ReadonlyArray<number | null>
  readonly bodies: readonly string[]
  readonly leaves: readonly Hash[]
  /** Bit 0: it is canonical; bit 1: it has its values; bit 2: its endings are in the table. */
  readonly found: Uint8Array
  readonly payloads: ReadonlyArray<readonly [place: number, payload: StoredPayload]>
}

export function packed(page: readonly Looked[]): PackedPage {
  return {
    seqs: page.map(({ entry }) => entry.seq),
    rows: page.map(({ entry }) => entry.row),
    batches: page.map(({ entry }) => entry.batch),
    bodies: page.map(({ entry }) => entry.body),
    leaves: page.map(({ leaf }) => leaf),
    found: Uint8Array.from(
      page,
      each => (each.is_canonical ? 1 : 0) + (each.has_values ? 2 : 0) + (each.has_endings ? 4 : 0),
    ),
    payloads: page.flatMap(({ payload }, i) => (payload === null ? [] : [[i, payload] as const])),
  }
}

export function unpacked({ seqs, rows, batches, bodies, leaves, found, payloads }: PackedPage): readonly Looked[] {
  const by_place = new Map(payloads)
  return seqs.map((seq, i) => ({
    entry: { seq, row: rows[i] ?? null, batch: batches[i] ?? null, body: bodies[i] ?? '' },
    leaf: leaves[i] ?? '',
    is_canonical: ((found[i] ?? 0) & 1) !== 0,
    has_values: ((found[i] ?? 0) & 2) !== 0,
    has_endings: ((found[i] ?? 0) & 4) !== 0,
    payload: by_place.get(i) ?? null,
  }))
}
