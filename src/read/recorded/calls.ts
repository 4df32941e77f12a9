/** The calls of a run, each with where it was made: in order of rows' first calls, and within a row as they came back. */
import {
  CALL_ERROR,
  CALL_OK,
  CALL_RECORDED,
  CALL_RECORDED_ERROR,
  type CallFact,
  GROUP_KINDS,
  type OriginFact,
  type SubjectEntry,
} from '../../format/entry.ts'
import { FIRST_PATH } from '../../format/lineage.ts'
import type { CallPlace, RecordedCall } from '../../format/recording.ts'
import type { Topology } from '../../format/topology.ts'
import type { LedgerReader, StoredEntry } from '../../ledger/read-port.ts'
import type { Json } from '../../model/row.ts'
import { decodeSubjectEntry, isSubjectBody } from '../decode.ts'
import { decodePayload } from '../values.ts'
import { lineageOf } from './lineage.ts'

/** The part of a ledger's read side that finding calls needs. */
export type CallReader = Pick<LedgerReader, 'entries' | 'entriesOfRow' | 'payload'>

/** A value: the entry that commits to it, and its place there. */
export interface ValuePlace {
  readonly seq: number
  readonly index: number
}

export interface LocatedCall {
  readonly call: number
  /** One of both is null. */
  readonly row: number | null
  readonly batch: number | null
  readonly token: number
  readonly place: CallPlace
  readonly attempt: number
  readonly ordinal: number
  readonly service: string
  /** null if it was throttled. */
  readonly kind: RecordedCall['kind'] | null
  readonly response_at: ValuePlace
  /** undefined if it is erased. */
  request(): Promise<Json | undefined>
  response(): Promise<Json | undefined>
}

type Kept = Array<{ readonly seq: number; readonly entry: SubjectEntry }>
/** Source and number there; or aggregate, and which of its batches it is. */
type Origin = Pick<OriginFact, 'source' | 'index'> | null

interface Batch {
  readonly origin: Origin
  readonly all: Kept
}

/** Reads the run's entries once, and of rows with calls all entries at once. */
export async function* locatedCalls(
  reader: CallReader,
  log: number,
  topology: Topology,
): AsyncGenerator<LocatedCall, void, undefined> {
  const rows = new Set<number>()
  const batches = new Map<number, Batch>()
  for await (const stored of reader.entries(log)) {
    if (!isSubjectBody(stored.row, stored.body)) continue
    if (stored.row === null) {
      const kept = decoded(stored)
      const number = kept.entry.subject.kind === 'batch' ? kept.entry.subject.batch : 0
      const batch = batches.get(number) ?? { origin: kept.entry.origin, all: [] }
      batches.set(number, batch)
      batch.all.push(kept)
      // Requests may be values of earlier entries.
      yield* callsOf(reader, log, topology, { ...batch, entries: [kept] })
      if (kept.entry.open === 0 && isClosed(batch.all)) batches.delete(number)
    } else if (stored.body.includes('"x":[') && !rows.has(stored.row)) {
      rows.add(stored.row)
      const all = (await reader.entriesOfRow(log, stored.row)).map(decoded)
      yield* callsOf(reader, log, topology, { origin: all[0]?.entry.origin ?? null, all, entries: all })
    }
  }
}

function decoded({ seq, body }: StoredEntry): Kept[number] {
  return { seq, entry: decodeSubjectEntry(seq, body) }
}

/** Whether the batch itself is: tokens that were born of it may still be open. */
function isClosed(all: Kept): boolean {
  const closed = new Set(all.flatMap(({ entry }) => entry.groups_closed.map(({ group }) => group)))
  const batch = all.flatMap(({ entry }) => entry.groups_opened).find(({ kind }) => GROUP_KINDS[kind] === 'batch')
  return batch !== undefined && closed.has(batch.group)
}

/** The calls of `entries`, which are among `all` entries of their subject. */
function* callsOf(
  reader: CallReader,
  log: number,
  topology: Topology,
  { origin, all, entries }: Batch & { readonly entries: Kept },
): Generator<LocatedCall, void, undefined> {
  const first = all[0]?.entry
  if (first === undefined || entries.every(({ entry }) => entry.calls.length === 0)) return
  const { nodes } = topology
  const { subject } = first
  const lineages = lineageOf(
    all.map(({ entry }) => entry),
    topology,
  )
  const value = async ({ seq, index }: ValuePlace): Promise<Json | undefined> => {
    const payload = await reader.payload(log, seq)
    const stored = payload === null ? undefined : decodePayload(payload).values[index]
    return stored?.kind === 'full' ? stored.value : undefined
  }
  for (const call of entries.flatMap(({ entry }) => entry.calls).sort((a, b) => a.call - b.call)) {
    const node = nodes[call.node - 1]
    const service = node?.services?.[call.service - 1]
    const request_at = located(all, call.request)
    const response_at = located(all, call.response)
    if (node === undefined || service === undefined || request_at === null || response_at === null) continue
    yield {
      call: call.call,
      row: subject.kind === 'row' ? subject.row : null,
      batch: subject.kind === 'batch' ? subject.batch : null,
      token: call.token,
      place: {
        source: origin === null ? null : (nodes[origin.source - 1]?.name ?? null),
        index: origin?.index ?? 0,
        node: node.name,
        branches: lineages.get(call.token)?.branches.map(({ branch }) => branch) ?? [],
        path: lineages.get(call.token)?.path ?? FIRST_PATH,
      },
      attempt: call.attempt,
      ordinal: call.ordinal,
      service,
      kind: kindOf(call),
      response_at,
      request: () => value(request_at),
      response: () => value(response_at),
    }
  }
}

function kindOf({ status }: CallFact): RecordedCall['kind'] | null {
  if (status === CALL_OK || status === CALL_RECORDED) return 'answer'
  return status === CALL_ERROR || status === CALL_RECORDED_ERROR ? 'error' : null
}

/** The entry that commits to a value of the subject, and the value's place there. */
function located(all: Kept, value: number): ValuePlace | null {
  for (const { seq, entry } of all) {
    const index = value - entry.first_value
    if (index >= 0 && index < entry.commitments.length) return { seq, index }
  }
  return null
}
