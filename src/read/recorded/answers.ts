/**
 * The calls of a run, to be found again by where they were made and what they asked. Of each call only hashes and its place
 * in the ledger are kept in memory; what it was answered is read when it is asked for.
 */
import { createHash } from 'node:crypto'
import type { LedgerReader, StoredEntry } from '../../ledger/read-port.ts'
import { canonicalize } from '../../model/canonical.ts'
import {
  CALL_ERROR,
  CALL_OK,
  CALL_RECORDED,
  CALL_RECORDED_ERROR,
  type CallFact,
  type SubjectEntry,
} from '../../model/entry.ts'
import type { CallPlace, RecordedCall, Recordings } from '../../model/recording.ts'
import type { Json } from '../../model/row.ts'
import type { Topology } from '../../model/topology.ts'
import { decodeSubjectEntry, isSubjectBody } from '../decode.ts'
import { decodePayload } from '../values.ts'
import { branchesOf } from './branches.ts'

interface Recording {
  /** Entry that commits to the response, and which of its values it is. */
  readonly seq: number
  readonly index: number
  readonly kind: RecordedCall['kind']
  used: boolean
}

type Kept = ReadonlyArray<{ readonly seq: number; readonly entry: SubjectEntry }>

/** All calls of a run that were answered or failed. Reads the run's entries once, and the payloads of those with calls. */
export async function recordedCalls(reader: LedgerReader, log: number, topology: Topology): Promise<Recordings> {
  const book = new AnswerBook(reader, log, topology)
  const rows = new Set<number>()
  const batches = new Map<number, { seq: number; entry: SubjectEntry }[]>()
  for await (const stored of reader.entries(log)) {
    if (!isSubjectBody(stored.row, stored.body)) continue
    if (stored.row === null) {
      const entry = decodeSubjectEntry(stored.seq, stored.body)
      const number = entry.subject.kind === 'batch' ? entry.subject.batch : 0
      const known = batches.get(number) ?? []
      batches.set(number, known)
      known.push({ seq: stored.seq, entry })
      // Requests may be values of earlier entries.
      if (entry.calls.length > 0) await book.add(known, [{ seq: stored.seq, entry }])
      if (entry.groups_closed.length > 0) batches.delete(number)
    } else if (stored.body.includes('"x":[') && !rows.has(stored.row)) {
      rows.add(stored.row)
      const all = (await reader.entriesOfRow(log, stored.row)).map(decoded)
      await book.add(all, all)
    }
  }
  return book
}

function decoded({ seq, body }: StoredEntry): Kept[number] {
  return { seq, entry: decodeSubjectEntry(seq, body) }
}

class AnswerBook implements Recordings {
  readonly #reader: LedgerReader
  readonly #log: number
  readonly #topology: Topology
  /** By place and request; and by request alone. */
  readonly #by_place = new Map<string, Recording[]>()
  readonly #by_request = new Map<string, Recording[]>()

  constructor(reader: LedgerReader, log: number, topology: Topology) {
    this.#reader = reader
    this.#log = log
    this.#topology = topology
  }

  async take(place: CallPlace, service: string, request: string): Promise<RecordedCall | null> {
    const here = this.#by_place.get(keyOf(service, request, place))?.find(each => !each.used)
    // Elsewhere only answers count: another row's bad luck isn't this one's.
    const others = this.#by_request.get(keyOf(service, request))?.filter(each => each.kind === 'answer') ?? []
    const found = here ?? others.find(each => !each.used) ?? others.at(-1)
    if (found === undefined) return null
    found.used = true
    const response = await this.#valueAt(found)
    return response === undefined ? null : { kind: found.kind, response }
  }

  /** Adds the calls of `entries`, which are among `all` entries of a subject. */
  async add(all: Kept, entries: Kept): Promise<void> {
    const { nodes } = this.#topology
    const first = all[0]?.entry
    if (first === undefined) return
    const branches = branchesOf(
      all.map(({ entry }) => entry),
      this.#topology,
    )
    const calls = entries.flatMap(({ entry }) => entry.calls).sort((a, b) => a.call - b.call)
    for (const call of calls) {
      const kind = kindOf(call)
      const response = located(all, call.response)
      const request = await this.#textOf(all, call.request)
      const node = nodes[call.node - 1]
      const service = node?.services?.[call.service - 1]
      if (kind === null || response === null || request === null || node === undefined || service === undefined)
        continue
      const place: CallPlace = {
        source: first.origin === null ? null : (nodes[first.origin.source - 1]?.name ?? null),
        index: first.origin?.index ?? 0,
        batch: first.subject.kind === 'batch' ? first.subject.batch : 0,
        node: node.name,
        branches: branches.get(call.token) ?? [],
      }
      this.#keep({ ...response, kind, used: false }, keyOf(service, request, place), keyOf(service, request))
    }
  }

  #keep(recording: Recording, place: string, request: string): void {
    for (const [map, key] of [
      [this.#by_place, place],
      [this.#by_request, request],
    ] as const) {
      const known = map.get(key)
      if (known === undefined) map.set(key, [recording])
      else known.push(recording)
    }
  }

  async #textOf(all: Kept, value: number): Promise<string | null> {
    const at = located(all, value)
    const json = at === null ? undefined : await this.#valueAt(at)
    return json === undefined ? null : canonicalize(json)
  }

  /** undefined if it is erased. */
  async #valueAt({ seq, index }: { readonly seq: number; readonly index: number }): Promise<Json | undefined> {
    const payload = await this.#reader.payload(this.#log, seq)
    const stored = payload === null ? undefined : decodePayload(payload).values[index]
    return stored?.kind === 'full' ? stored.value : undefined
  }
}

function kindOf({ status }: CallFact): RecordedCall['kind'] | null {
  if (status === CALL_OK || status === CALL_RECORDED) return 'answer'
  return status === CALL_ERROR || status === CALL_RECORDED_ERROR ? 'error' : null
}

/** The entry that commits to a value of the subject, and the value's place there. */
function located(all: Kept, value: number): { readonly seq: number; readonly index: number } | null {
  for (const { seq, entry } of all) {
    const index = value - entry.first_value
    if (index >= 0 && index < entry.commitments.length) return { seq, index }
  }
  return null
}

function keyOf(service: string, request: string, place?: CallPlace): string {
  const hash = createHash('sha256')
  if (place !== undefined) {
    const { source, index, batch, node, branches } = place
    hash.update(canonicalize([source, index, batch, node, branches]))
  }
  return hash.update(`\n${service}\n${request}`).digest('base64')
}
