/**
 * The calls of a run, to be found again by where they were made and what they asked. Of each call only hashes and its place
 * in the ledger are kept in memory; what it was answered is read when it is asked for.
 */
import { createHash } from 'node:crypto'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { canonicalize } from '../../model/canonical.ts'
import type { CallPlace, RecordedCall, Recordings } from '../../model/recording.ts'
import type { Topology } from '../../model/topology.ts'
import { decodePayload } from '../values.ts'
import { locatedCalls, type ValuePlace } from './calls.ts'

interface Recording extends ValuePlace {
  readonly kind: RecordedCall['kind']
  used: boolean
}

/** All calls of a run that were answered or failed. Reads the run once. */
export async function recordedCalls(reader: LedgerReader, log: number, topology: Topology): Promise<Recordings> {
  const book = new AnswerBook(reader, log)
  for await (const { kind, request, response_at, place, service } of locatedCalls(reader, log, topology)) {
    const asked = kind === null ? undefined : await request()
    if (kind !== null && asked !== undefined)
      book.add({ ...response_at, kind, used: false }, place, service, canonicalize(asked))
  }
  return book
}

class AnswerBook implements Recordings {
  readonly #reader: LedgerReader
  readonly #log: number
  /** By place and request; and by request alone. */
  readonly #by_place = new Map<string, Recording[]>()
  readonly #by_request = new Map<string, Recording[]>()

  constructor(reader: LedgerReader, log: number) {
    this.#reader = reader
    this.#log = log
  }

  add(recording: Recording, place: CallPlace, service: string, request: string): void {
    keep(this.#by_place, keyOf(service, request, place), recording)
    keep(this.#by_request, keyOf(service, request), recording)
  }

  async take(place: CallPlace, service: string, request: string, only?: 'answer'): Promise<RecordedCall | null> {
    const in_place = this.#by_place.get(keyOf(service, request, place))
    const here = in_place?.find(each => !each.used && (only ?? each.kind) === each.kind)
    const found = here ?? this.#elsewhere(service, request)
    if (found === undefined) return null
    found.used = true
    const payload = await this.#reader.payload(this.#log, found.seq)
    const stored = payload === null ? undefined : decodePayload(payload).values[found.index]
    return stored?.kind === 'full' ? { kind: found.kind, response: stored.value } : null
  }

  /** Only answers count: another row's bad luck isn't this one's. When all were given, the last is given again. */
  #elsewhere(service: string, request: string): Recording | undefined {
    const answers = this.#by_request.get(keyOf(service, request))?.filter(each => each.kind === 'answer')
    return answers?.find(each => !each.used) ?? answers?.at(-1)
  }
}

function keep(map: Map<string, Recording[]>, key: string, recording: Recording): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, [recording])
  else known.push(recording)
}

function keyOf(service: string, request: string, place?: CallPlace): string {
  const hash = createHash('sha256')
  if (place !== undefined) {
    const { source, index, batch, node, branches } = place
    hash.update(canonicalize([source, index, batch, node, branches]))
  }
  return hash.update(`\n${service}\n${request}`).digest('base64')
}
