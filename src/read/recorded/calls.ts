/** The calls of a run, each with where it was made: in order of rows' first calls, and within a row as they came back. */
import {
  CALL_ERROR,
  CALL_OK,
  CALL_RECORDED,
  CALL_RECORDED_ERROR,
  CALL_RECORDED_REFUSED,
  CALL_REFUSED,
  type CallFact,
  type SubjectEntry,
} from '../../format/entry.ts'
import { FIRST_PATH } from '../../format/lineage.ts'
import type { CallPlace, RecordedCall } from '../../format/recording.ts'
import type { Topology } from '../../format/topology.ts'
import type { LedgerReader, StoredEntry } from '../../ledger/read-port.ts'
import { partOf } from '../../model/part-ids.ts'
import type { Json } from '../../model/row.ts'
import { decodeRunEntry, decodeSubjectEntry, isSubjectBody } from '../decode.ts'
import { call as decodeCall } from '../decode-call.ts'
import { Course } from '../fold/course.ts'
import { decodePayload } from '../values.ts'

/** The part of a ledger's read side that finding calls needs. */
export type CallReader = Pick<LedgerReader, 'entries' | 'entriesOfRow' | 'payload'>

/** A value: the entry that commits to it, and its place there. */
export interface ValuePlace {
  readonly seq: number
  readonly index: number
}

export interface LocatedCall {
  readonly call: number
  /** One of both is null; both are of a call that a source made. */
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

/** A row or a batch, as far as it was read. */
interface Subject {
  readonly course: Course
  readonly values: ValuePlaces
}

/** Whose calls these are. `course`: null for a source, whose name is `source`. */
interface Located extends Pick<LocatedCall, 'row' | 'batch'> {
  readonly course: Course | null
  readonly values: ValuePlaces
  readonly source?: string | null
}

/** Reads the run's entries once, and of rows with calls all entries at once. */
export async function* locatedCalls(
  reader: CallReader,
  log: number,
  topology: Topology,
): AsyncGenerator<LocatedCall, void, undefined> {
  const rows = new Set<number>()
  const batches = new Map<number, Subject>()
  const begun = (): Subject => ({ course: new Course(topology), values: new ValuePlaces() })
  for await (const stored of reader.entries(log)) {
    if (!isSubjectBody(stored.row, stored.body)) {
      if (stored.body.includes('"k":"calls"')) yield* callsOfSource(reader, log, topology, stored)
      continue
    }
    const { row } = stored
    if (row === null) {
      const entry = decodeSubjectEntry(stored.seq, stored.body)
      const number = entry.subject.kind === 'batch' ? entry.subject.batch : 0
      const batch = batches.get(number) ?? begun()
      batches.set(number, batch)
      batch.course.add(entry)
      // Requests may be values of earlier entries.
      batch.values.add(stored.seq, entry)
      yield* callsOf(reader, log, topology, { ...batch, row, batch: number }, entry.calls)
      // Tokens that were born of it may still be open.
      if (entry.open === 0 && batch.course.batch?.closed != null) batches.delete(number)
    } else if (stored.body.includes('"x":[') && !rows.has(row)) {
      rows.add(row)
      const subject = begun()
      const calls: CallFact[] = []
      for (const { seq, body } of await reader.entriesOfRow(log, row)) {
        const entry = decodeSubjectEntry(seq, body)
        subject.course.add(entry)
        subject.values.add(seq, entry)
        calls.push(...entry.calls)
      }
      yield* callsOf(reader, log, topology, { ...subject, row, batch: null }, calls)
    }
  }
}

/** Entries of the run have values of their own only. */
export function* callsOfSource(
  reader: CallReader,
  log: number,
  topology: Topology,
  { seq, body }: StoredEntry,
): Generator<LocatedCall, void, undefined> {
  const { facts, ...commits } = decodeRunEntry(seq, body)
  if (facts.k !== 'calls') return
  const values = new ValuePlaces()
  values.add(seq, commits)
  const calls = facts.x.map(each => decodeCall(each, 'x'))
  const source = topology.nodes[(calls[0]?.node ?? 0) - 1]?.name ?? null
  yield* callsOf(reader, log, topology, { course: null, values, row: null, batch: null, source }, calls)
}

function* callsOf(
  reader: CallReader,
  log: number,
  { nodes }: Topology,
  { course, values, row, batch, source = null }: Located,
  calls: readonly CallFact[],
): Generator<LocatedCall, void, undefined> {
  /** Source and number there; or aggregate, and which of its batches it is. */
  const origin = course?.first?.origin ?? null
  const value = async ({ seq, index }: ValuePlace): Promise<Json | undefined> => {
    const payload = await reader.payload(log, seq)
    const stored = payload === null ? undefined : decodePayload(payload).values[index]
    return stored?.kind === 'full' ? stored.value : undefined
  }
  for (const call of calls.toSorted((a, b) => a.call - b.call)) {
    const node = nodes[call.node - 1]
    const service = node?.services?.[call.service - 1]
    const request_at = values.of(call.request)
    const response_at = values.of(call.response)
    if (node === undefined || service === undefined || request_at === null || response_at === null) continue
    const token = course?.tokens.get(call.token)
    yield {
      call: call.call,
      row,
      batch,
      token: call.token,
      place: {
        source: origin === null ? source : (nodes[origin.source - 1]?.name ?? null),
        index: origin?.index ?? 0,
        ...(batch === null || partOf(batch) === 0 ? {} : { part: partOf(batch) }),
        node: node.name,
        branches: token?.forks.map(({ branch }) => branch) ?? [],
        path: token?.path ?? FIRST_PATH,
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
  if (status === CALL_REFUSED || status === CALL_RECORDED_REFUSED) return 'refused'
  return status === CALL_ERROR || status === CALL_RECORDED_ERROR ? 'error' : null
}

/** Which entry commits to a value of the subject, and the value's place there. */
class ValuePlaces {
  readonly #entries: Array<{ readonly seq: number; readonly first: number; readonly count: number }> = []

  add(seq: number, { first_value, commitments }: Pick<SubjectEntry, 'first_value' | 'commitments'>): void {
    this.#entries.push({ seq, first: first_value, count: commitments.length })
  }

  of(value: number): ValuePlace | null {
    const found = this.#entries.find(({ first, count }) => value >= first && value < first + count)
    return found === undefined ? null : { seq: found.seq, index: value - found.first }
  }
}
