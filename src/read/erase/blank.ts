/**
 * From values that are to go to what the ledger is given: which places of which entries, and how the payloads of others read then. Pure.
 *
 * BLANK-1. A value that stays, and is stored as a change of one that goes, is written out in full.
 * BLANK-2. A value that is erased already is named no second time, unless all of its entry's are.
 */
import { SALT_BYTES } from '../../format/hash.ts'
import type { Erasure } from '../../ledger/erase-port.ts'
import { isReadable, type ReadablePayload, type StoredPayload } from '../../ledger/read-port.ts'
import { canonicalize } from '../../model/canonical.ts'
import { keyNeeded } from '../../model/key-needed.ts'
import { numberOf, partOf } from '../../model/part-ids.ts'
import type { Json } from '../../model/row.ts'
import type { RerunLog } from '../runs/reruns.ts'
import { decodePayload, type StoredValue } from '../values.ts'

/** What is to go of one entry. */
export interface Blank {
  readonly payload: StoredPayload
  /** Whether the value in a place, from 1, is to go. */
  goes(place: number): boolean
  /** A value that stays and has to be written out; undefined for others. */
  inFull(place: number): Json | undefined
}

/** An entry of which values go, or are written out. */
export interface Blanked {
  readonly seq: number
  /** Places of values that go and are there. */
  readonly places: readonly number[]
  /** What it has from now on; null: nothing that is there stays. */
  readonly rest: ReadablePayload | null
}

/** null if nothing changes. @throws CustodyError CUSTODY_LEDGER_KEY if it is encrypted with a key that isn't at hand. */
export function blanked(blank: Blank): Blanked | null {
  const { payload } = blank
  const stored = decodePayload(payload).values
  for (const value of stored)
    if (value.kind === 'unreadable') throw keyNeeded(value.key_id, `entry ${payload.seq}, which is to be erased,`)
  const there = stored.flatMap(({ kind }, i) => (kind === 'erased' ? [] : [i + 1]))
  const places = there.filter(place => blank.goes(place))
  const full = there.some(place => blank.inFull(place) !== undefined)
  if (places.length === 0 && !full) return null
  return { seq: payload.seq, places, rest: places.length === there.length ? null : rewritten(blank, stored) }
}

/** Of entries of a run, each once: one for each log that has some. `log`: the run's first. */
export function erasuresOf({ run, log }: RerunLog, entries: Iterable<Blanked>): readonly Erasure[] {
  const parts = Map.groupBy(entries, ({ seq }) => partOf(seq))
  return [...parts]
    .sort(([a], [b]) => a - b)
    .map(([part, own]) => ({ log: log + part, run, ...erasureOf(own.map(numbered)) }))
    .filter(({ values }) => values.length > 0)
}

/** As its own log numbers it. */
function numbered({ seq, places, rest }: Blanked): Blanked {
  return { seq: numberOf(seq), places, rest: rest === null ? null : { ...rest, seq: numberOf(rest.seq) } }
}

/** Of entries of one log, each once. */
export function erasureOf(entries: Iterable<Blanked>): Pick<Erasure, 'values' | 'payloads'> {
  const values: (readonly number[])[] = []
  const payloads: ReadablePayload[] = []
  for (const { seq, places, rest } of [...entries].sort((a, b) => a.seq - b.seq)) {
    if (rest === null) appendEntry(values, seq)
    else if (places.length > 0) values.push([seq, seq, ...places])
    if (rest !== null) payloads.push(rest)
  }
  return { values, payloads }
}

/** Entries behind each other are one range. */
function appendEntry(values: (readonly number[])[], seq: number): void {
  const before = values.at(-1)
  if (before?.length === 2 && before[1] === seq - 1) values.splice(-1, 1, [before[0] as number, seq])
  else values.push([seq, seq])
}

function rewritten(blank: Blank, stored: readonly StoredValue[]): ReadablePayload {
  const { payload } = blank
  const { seq } = payload
  const salts = isReadable(payload) ? Uint8Array.from(payload.salts) : new Uint8Array(stored.length * SALT_BYTES)
  const body = stored.map((value, i): Json => {
    const full = blank.inFull(i + 1)
    if (full !== undefined) return [full]
    if (value.kind === 'full' && !blank.goes(i + 1)) return [value.value]
    if (value.kind === 'patch' && !blank.goes(i + 1)) return [value.base, value.set, value.unset]
    salts.fill(0, i * SALT_BYTES, (i + 1) * SALT_BYTES)
    return null
  })
  return { seq, salts, body: canonicalize(body) }
}
