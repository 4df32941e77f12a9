/**
 * Entries as the writer reads them back, to resume a run. They come from the reader that
 * `Ledger.takeOver` gives, which gives nothing that the signed tree doesn't have, so they are what was written. Values are checked against their commitments here.
 * The readers decode by code of their own (src/read/decode.ts).
 */
import type {
  CallFact,
  CallStatus,
  GroupKind,
  OriginFact,
  RunEntry,
  SubjectEntry,
  VisitStatus,
} from '../../format/entry.ts'
import { commitment, SALT_BYTES } from '../../format/hash.ts'
import { canonicalize, NotJsonError } from '../../model/canonical.ts'
import { CustodyError } from '../../model/error.ts'
import { parseJson } from '../../model/json.ts'
import { keyNeeded } from '../../model/key-needed.ts'
import type { FateNumber } from '../../model/outcome.ts'
import { isRow, type Json, type MutableRow, newRow, type Row, withoutPrototypes } from '../../model/row.ts'
import type { ReadablePayload, UnreadablePayload } from '../read-port.ts'

type Tuple = readonly (number | string)[]
const n = (tuple: Tuple, at: number): number => tuple[at] as number
const errorAt = (tuple: Tuple, at: number) =>
  tuple.length > at + 1 ? { code: tuple[at] as string, value: n(tuple, at + 1) } : null

interface SubjectBody {
  readonly b?: number
  readonly c?: readonly string[]
  readonly d?: readonly Tuple[]
  readonly e?: readonly Tuple[]
  readonly f?: number
  readonly g?: readonly Tuple[]
  readonly h?: readonly Tuple[]
  readonly l?: readonly Tuple[]
  readonly n?: readonly Tuple[]
  readonly o: number
  readonly p?: number
  readonly r?: number
  readonly s?: Tuple
  readonly t: number
  readonly u?: readonly number[]
  readonly v?: readonly Tuple[]
  readonly w?: number
  readonly x?: readonly Tuple[]
  readonly y?: readonly Tuple[]
  readonly z?: string
}

export function subjectEntryOf(body: string): SubjectEntry {
  const { b, c, d, e, f, g, h, l, n: born, o, p, r, s, t, u, v, w, x: called, y, z } = parseJson(body) as SubjectBody
  return {
    subject: b === undefined ? { kind: 'row', row: r as number } : { kind: 'batch', batch: b },
    time_us: t,
    previous: p ?? null,
    open: o,
    origin: s === undefined ? null : originOf(s),
    births: (born ?? []).map(x => ({
      token: n(x, 0),
      group: x.length === 1 ? 0 : n(x, 1),
      ordinal: x.length === 1 ? 0 : n(x, 2),
      value: x.length === 1 ? 1 : n(x, 3),
      parents: x.slice(4) as number[],
    })),
    visits: (v ?? []).map(x => ({
      token: n(x, 0),
      node: n(x, 1),
      attempt: n(x, 2),
      status: n(x, 3) as VisitStatus,
      in: n(x, 4),
      out: n(x, 5),
      edge: n(x, 6),
      start_us: n(x, 7),
      duration_us: n(x, 8),
      // Visits with an error have 11 elements, or 12.
      stood_us: x.length % 2 === 0 ? n(x, x.length - 1) : 0,
      error: errorAt(x, 9),
    })),
    holds: (h ?? []).map(x => ({
      ...{ token: n(x, 0), node: n(x, 1), group: n(x, 2), ordinal: n(x, 3) },
      batch: x.length > 4 ? n(x, 4) : null,
    })),
    releases: (l ?? []).map(x => ({ token: n(x, 0), node: n(x, 1), place: n(x, 2) })),
    groups_opened: (g ?? []).map(x => ({
      group: n(x, 0),
      kind: n(x, 1) as GroupKind,
      node: n(x, 2),
      expected: n(x, 3),
    })),
    groups_closed: (d ?? []).map(x => ({
      group: n(x, 0),
      verdict: x[1] as string,
      detail: n(x, 2),
      members: x.slice(3) as number[],
    })),
    timed_out: u ?? [],
    endings: (e ?? []).map(x => ({
      token: n(x, 0),
      fate: n(x, 1) as FateNumber,
      node: n(x, 2),
      sink: n(x, 3),
      group: n(x, 4),
      error: errorAt(x, 5),
    })),
    calls: (called ?? []).map(callOf),
    intents: (y ?? []).map(x => ({
      token: n(x, 0),
      node: n(x, 1),
      attempt: n(x, 2),
      request: n(x, 3),
      together: x.length > 4 ? { first: n(x, 4), place: n(x, 5), rows: n(x, 6) } : null,
    })),
    orders: f ?? 0,
    first_value: w ?? 0,
    commitments: c ?? [],
    nonce: z ?? null,
  }
}

function originOf(x: Tuple): OriginFact {
  return { source: n(x, 0), index: n(x, 1), line: n(x, 2), repeats: x.length > 3 ? n(x, 3) : null }
}

export function callOf(x: Tuple): CallFact {
  return {
    call: n(x, 0),
    token: n(x, 1),
    node: n(x, 2),
    attempt: n(x, 3),
    ordinal: n(x, 4),
    service: n(x, 5),
    status: n(x, 6) as CallStatus,
    request: n(x, 7),
    response: n(x, 8),
    start_us: n(x, 9),
    duration_us: n(x, 10),
    input_tokens: x.length > 11 ? n(x, 11) : 0,
    output_tokens: x.length > 11 ? n(x, 12) : 0,
    cost_nusd: x.length > 11 ? n(x, 13) : 0,
  }
}

/** An entry of the run, with what it commits to. */
export interface StoredRunEntry extends Commits {
  readonly entry: RunEntry
}

export function runEntryOf(body: string): StoredRunEntry {
  const { c, w, z: _, ...entry } = parseJson(body) as RunEntry & { c?: readonly string[]; w?: number; z?: string }
  return { entry: entry as RunEntry, first_value: w ?? 0, commitments: c ?? [] }
}

/** What an entry says of its values. */
export interface Commits {
  readonly first_value: number
  /** Hex. */
  readonly commitments: readonly string[]
}

/**
 * The values of one entry's payload, as rows without prototypes, each checked against the entry's commitment to it (I13). `known` has
 * the subject's earlier values by number; those of this payload are added to it.
 * @param where names the entry, for people
 * @throws CustodyError CUSTODY_VALUE_ALTERED; CUSTODY_LEDGER_KEY if it is encrypted with a key that isn't at hand
 */
export function addValues(
  known: Map<number, Json>,
  { first_value, commitments }: Commits,
  payload: Pick<ReadablePayload, 'salts' | 'body'> | UnreadablePayload | null,
  where: string,
): void {
  if (commitments.length === 0) return
  if (payload === null) throw alteredValue(where, 'has lost its values')
  if ('unreadable' in payload) throw unreadable(payload, where)
  const elements = elementsOf(payload.body)
  if (elements?.length !== commitments.length || payload.salts.length !== commitments.length * SALT_BYTES)
    throw alteredValue(where, 'has other values than it commits to')
  for (const [i, element] of elements.entries()) {
    const number = first_value + i
    const value = element.length === 1 ? (element[0] as Json) : patched(known, element)
    const salt = payload.salts.subarray(i * SALT_BYTES, (i + 1) * SALT_BYTES)
    if (value === null && element.length !== 1) throw alteredValue(where, `has a value ${number} that changes none`)
    if (commitment(salt, textOf(value)) !== commitments[i])
      throw alteredValue(where, `has a value ${number} that doesn’t fit its commitment`)
    known.set(number, value)
  }
}

/** null if the text is no list of lists. */
function elementsOf(body: string): ReadonlyArray<readonly Json[]> | null {
  try {
    const elements = withoutPrototypes(parseJson(body) as Json)
    return Array.isArray(elements) && elements.every(Array.isArray) ? elements : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** A value without a canonical text fits no commitment. */
function textOf(value: Json): string {
  try {
    return canonicalize(value)
  } catch (error) {
    if (error instanceof NotJsonError) return ''
    throw error
  }
}

function unreadable({ unreadable }: UnreadablePayload, where: string): CustodyError {
  return unreadable.why === 'no_key'
    ? keyNeeded(unreadable.key_id, where)
    : alteredValue(where, 'has values that aren’t what was encrypted')
}

function alteredValue(where: string, what: string): CustodyError {
  return new CustodyError('CUSTODY_VALUE_ALTERED', `${where} ${what}`, { where: { path: where } })
}

/** null if what it changes isn't a row. */
function patched(known: ReadonlyMap<number, Json>, [base, set, unset]: readonly Json[]): Row | null {
  const before = known.get(base as number)
  if (before === undefined || !isRow(before) || !isRow(set) || !Array.isArray(unset)) return null
  const gone = new Set(unset as readonly string[])
  const row: MutableRow = newRow()
  for (const field in before) if (!gone.has(field)) row[field] = before[field] as Json
  for (const field in set) row[field] = set[field] as Json
  return row
}
