/** The calls of a run, each with where it was made: in order of rows' first calls, and within a row as they came back. */
import type { LedgerReader, StoredEntry } from '../../ledger/read-port.ts'
import {
  CALL_ERROR,
  CALL_OK,
  CALL_RECORDED,
  CALL_RECORDED_ERROR,
  type CallFact,
  type SubjectEntry,
} from '../../model/entry.ts'
import type { CallPlace, RecordedCall } from '../../model/recording.ts'
import type { Json } from '../../model/row.ts'
import type { Topology } from '../../model/topology.ts'
import { decodeSubjectEntry, isSubjectBody } from '../decode.ts'
import { decodePayload } from '../values.ts'
import { branchesOf } from './branches.ts'

/** A value: the entry that commits to it, and its place there. */
export interface ValuePlace {
  readonly seq: number
  readonly index: number
}

export interface LocatedCall {
  readonly call: number
  /** null for a call of a batch. */
  readonly row: number | null
  readonly place: CallPlace
  readonly service: string
  /** null if it was throttled. */
  readonly kind: RecordedCall['kind'] | null
  readonly response_at: ValuePlace
  /** undefined if it is erased. */
  request(): Promise<Json | undefined>
  response(): Promise<Json | undefined>
}

type Kept = Array<{ readonly seq: number; readonly entry: SubjectEntry }>

/** Reads the run's entries once, and of rows with calls all entries at once. */
export async function* locatedCalls(
  reader: LedgerReader,
  log: number,
  topology: Topology,
): AsyncGenerator<LocatedCall, void, undefined> {
  const rows = new Set<number>()
  const batches = new Map<number, Kept>()
  for await (const stored of reader.entries(log)) {
    if (!isSubjectBody(stored.row, stored.body)) continue
    if (stored.row === null) {
      const kept = decoded(stored)
      const number = kept.entry.subject.kind === 'batch' ? kept.entry.subject.batch : 0
      const all = batches.get(number) ?? []
      batches.set(number, all)
      all.push(kept)
      // Requests may be values of earlier entries.
      yield* callsOf(reader, log, topology, all, [kept])
      if (kept.entry.groups_closed.length > 0) batches.delete(number)
    } else if (stored.body.includes('"x":[') && !rows.has(stored.row)) {
      rows.add(stored.row)
      const all = (await reader.entriesOfRow(log, stored.row)).map(decoded)
      yield* callsOf(reader, log, topology, all, all)
    }
  }
}

function decoded({ seq, body }: StoredEntry): Kept[number] {
  return { seq, entry: decodeSubjectEntry(seq, body) }
}

/** The calls of `entries`, which are among `all` entries of their subject. */
function* callsOf(
  reader: LedgerReader,
  log: number,
  topology: Topology,
  all: Kept,
  entries: Kept,
): Generator<LocatedCall, void, undefined> {
  const first = all[0]?.entry
  if (first === undefined || entries.every(({ entry }) => entry.calls.length === 0)) return
  const { nodes } = topology
  const { subject, origin } = first
  const branches = branchesOf(
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
      place: {
        source: origin === null ? null : (nodes[origin.source - 1]?.name ?? null),
        index: origin?.index ?? 0,
        batch: subject.kind === 'batch' ? subject.batch : 0,
        node: node.name,
        branches: branches.get(call.token) ?? [],
      },
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
