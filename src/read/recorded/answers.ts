/**
 * The calls of a run, to be found again by where they were made and what they asked. Of each call only hashes and its place
 * in the ledger are kept in memory; what it was answered is read when it is asked for.
 */
import { createHash } from 'node:crypto'
import type { CallAsked, CallPlace, RecordedCall, Recordings } from '../../format/recording.ts'
import type { Topology } from '../../format/topology.ts'
import { canonicalize } from '../../model/canonical.ts'
import { decodePayload } from '../values.ts'
import { type CallReader, locatedCalls, type ValuePlace } from './calls.ts'

interface Recording extends ValuePlace {
  readonly kind: RecordedCall['kind']
  readonly token: number
  readonly path: string
  readonly attempt: number
  readonly ordinal: number
  used: boolean
}

/** All calls of a run that were answered or failed. Reads the run once. */
export async function recordedCalls(reader: CallReader, log: number, topology: Topology): Promise<Recordings> {
  const aggregates = topology.nodes.filter(({ kind }) => kind === 'aggregate').map(({ name }) => name)
  const book = new AnswerBook(reader, log, new Set(aggregates))
  for await (const call of locatedCalls(reader, log, topology)) {
    const { kind, response_at, token, place, attempt, ordinal } = call
    const asked = kind === null ? undefined : await call.request()
    if (kind !== null && asked !== undefined)
      book.add(
        { ...response_at, kind, token, path: place.path, attempt, ordinal, used: false },
        { ...call, request: canonicalize(asked) },
      )
  }
  return book
}

class AnswerBook implements Recordings {
  readonly #reader: CallReader
  readonly #log: number
  /** Names of those that the run has. */
  readonly #aggregates: ReadonlySet<string>
  /** By place and request; and by request alone. */
  readonly #by_place = new Map<string, Recording[]>()
  readonly #by_request = new Map<string, Recording[]>()

  constructor(reader: CallReader, log: number, aggregates: ReadonlySet<string>) {
    this.#reader = reader
    this.#log = log
    this.#aggregates = aggregates
  }

  /** Records have one number in all of the run. */
  inPart(part: number): Recordings {
    const here = (place: CallPlace) => (this.#aggregates.has(place.source ?? '') ? { ...place, part } : place)
    return {
      inPart: other => this.inPart(other),
      take: (asked, only) => this.take({ ...asked, place: here(asked.place) }, only),
    }
  }

  add(recording: Recording, { place, service, request }: CallAsked): void {
    const in_place = kept(this.#by_place, keyOf(service, request, place))
    const superseded = in_place.find(each => isSuperseded(each, recording))
    if (superseded !== undefined) superseded.used = true
    in_place.push(recording)
    kept(this.#by_request, keyOf(service, request)).push(recording)
  }

  async take({ place, attempt, ordinal, service, request }: CallAsked, only?: 'answer'): Promise<RecordedCall | null> {
    const in_place = this.#by_place.get(keyOf(service, request, place)) ?? []
    const here = in_place.filter(each => !each.used && (only ?? each.kind) === each.kind)
    const own = here.filter(each => each.path === place.path)
    const same = (each: Recording) => each.attempt === attempt && each.ordinal === ordinal
    const found = own.find(same) ?? own[0] ?? here.find(same) ?? here[0] ?? this.#elsewhere(service, request)
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

function kept(map: Map<string, Recording[]>, key: string): Recording[] {
  const known = map.get(key) ?? []
  map.set(key, known)
  return known
}

/**
 * A call that failed may have been made again by the same attempt, after a stop or an outage: then that was what it heard. Both are in
 * one place.
 */
function isSuperseded(before: Recording, after: Recording): boolean {
  const { kind, used, token, attempt, ordinal } = before
  if (kind !== 'error' || used) return false
  return token === after.token && attempt === after.attempt && ordinal === after.ordinal
}

function keyOf(service: string, request: string, place?: CallPlace): string {
  const hash = createHash('sha256')
  if (place !== undefined) {
    const { source, index, part = 0, node, branches } = place
    hash.update(canonicalize([source, index, part, node, branches]))
  }
  return hash.update(`\n${service}\n${request}`).digest('base64')
}
