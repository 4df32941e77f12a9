/**
 * Reads entry bodies: strictly, so that one text has one meaning. What docs/ledger-format.md doesn't have is refused:
 * unknown keys, lists of another length, empty lists, text that isn't its own canonical re-encoding.
 *
 * This shares types with the writer (format/entry.ts), and no code.
 */
import {
  type BirthFact,
  type EndingFact,
  type GroupClosed,
  type GroupKind,
  type GroupOpened,
  type HoldFact,
  type IntentFact,
  isError,
  type OriginFact,
  type ReleaseFact,
  type RunEntry,
  type SubjectEntry,
  type VisitFact,
  type VisitStatus,
} from '../format/entry.ts'
import type { LedgerEntry } from '../format/ledger-entry.ts'
import { isCanonical, NotJsonError } from '../model/canonical.ts'
import { parseJson } from '../model/json.ts'
import type { FateNumber } from '../model/outcome.ts'
import { partOf } from '../model/part-ids.ts'
import type { Json } from '../model/row.ts'
import { atLeastOne, call, numbers, whole } from './decode-call.ts'
import { entryOfPart } from './part-entry.ts'
import { LEDGER_ENTRY, RUN_ENTRY } from './run-shapes.ts'
import { asObject, hex, refuse, ShapeError, text } from './shape.ts'

/** An entry's or a payload's text isn't what the format has. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
  readonly seq: number

  constructor(seq: number, what: string) {
    super(what)
    this.seq = seq
  }
}

/** An entry of the run with what it commits to. `first_value` is 0 and `nonce` a text if there are no commitments. */
export interface DecodedRunEntry {
  readonly facts: RunEntry
  readonly first_value: number
  readonly commitments: readonly string[]
  readonly nonce: string | null
}

/** True if the entry's subject is a batch or a row, false if it is the run. The text may be anything. */
export function isSubjectBody(row: number | null, body: string): boolean {
  return row !== null || body.startsWith('{"b":')
}

/** `seq` with its part: the numbers in the entry are those of that part, too. @throws DecodeError */
export function decodeSubjectEntry(seq: number, body: string): SubjectEntry {
  return decoding(seq, () => inPart(seq, subjectEntry(parseCanonical(body))))
}

/** For whoever compares each commitment with a hash: whether it has the form of one isn't looked at. @throws DecodeError */
export function decodeCommittedEntry(seq: number, body: string): SubjectEntry {
  return decoding(seq, () => inPart(seq, subjectEntry(parseCanonical(body), known_hash)))
}

/** Of a text that is known to be canonical. @throws DecodeError */
export function decodeCanonicalEntry(seq: number, body: string): SubjectEntry {
  return decoding(seq, () => inPart(seq, subjectEntry(asObject(parseJson(body) as Json, ''))))
}

function inPart(seq: number, entry: SubjectEntry): SubjectEntry {
  const part = partOf(seq)
  return part === 0 ? entry : entryOfPart(part, entry)
}

/** Of what such a text says, where each commitment is known to be that of a value. @throws DecodeError */
export function decodeSubjectFacts(seq: number, facts: { readonly [key: string]: Json }): SubjectEntry {
  return decoding(seq, () => subjectEntry(facts, known_hash))
}

/** @throws DecodeError */
export function decodeRunEntry(seq: number, body: string): DecodedRunEntry {
  return decoding(seq, () => {
    const { facts, ...committed } = splitCommitments(parseCanonical(body))
    return { facts: RUN_ENTRY(facts, ''), ...committed }
  })
}

/** @throws DecodeError */
export function decodeLedgerEntry(seq: number, body: string): LedgerEntry {
  return decoding(seq, () => {
    const { facts, commitments } = splitCommitments(parseCanonical(body))
    if (commitments.length > 0) throw new ShapeError(`\`c\` isn't a key that is known here`)
    return LEDGER_ENTRY(facts, '')
  })
}

function decoding<T>(seq: number, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (error instanceof ShapeError) throw new DecodeError(seq, error.message)
    throw error
  }
}

/**
 * The object of a text that equals its canonical re-encoding. That alone excludes duplicate keys, rounded integers, −0,
 * halves of surrogate pairs and any other spelling.
 */
function parseCanonical(body: string): { readonly [key: string]: Json } {
  let value: Json
  try {
    value = parseJson(body) as Json
  } catch (error) {
    if (error instanceof SyntaxError) throw new ShapeError('its text is not JSON')
    throw error
  }
  try {
    if (!isCanonical(value, body)) throw new ShapeError('its text is not its own canonical re-encoding')
  } catch (error) {
    if (error instanceof NotJsonError) throw new ShapeError(`its text is not canonical JSON: ${error.message}`)
    throw error
  }
  return asObject(value, '')
}

const commitment = hex(32)
/** One that was compared with a hash. */
const known_hash = text()
const nonce_of = hex(16)

interface Committed {
  readonly first_value: number
  readonly commitments: readonly string[]
  readonly nonce: string | null
}

/** `c` with `w`, or `z`; never both, never neither. */
function committedIn(facts: { readonly [key: string]: Json }, decode = commitment): Committed {
  if (facts.c === undefined) {
    if (facts.w !== undefined) throw new ShapeError('`w` stands without `c`')
    return { first_value: 0, commitments: [], nonce: nonce_of(facts.z, 'z') }
  }
  if (facts.z !== undefined) throw new ShapeError('`z` stands beside `c`')
  return {
    first_value: whole(facts.w, 'w', 1),
    commitments: list(facts.c, 'c', decode),
    nonce: null,
  }
}

function splitCommitments(all: { readonly [key: string]: Json }): Committed & { readonly facts: Json } {
  const { c: _c, w: _w, z: _z, ...facts } = all
  return { facts, ...committedIn(all) }
}

// ── entries of rows and batches: on the path of each row, so by hand ────────────────────────────────────────────────

const SUBJECT_KEYS = new Set([
  'b',
  'c',
  'd',
  'e',
  'f',
  'g',
  'h',
  'l',
  'n',
  'o',
  'p',
  'r',
  's',
  't',
  'u',
  'v',
  'w',
  'x',
  'y',
  'z',
])

function subjectEntry(facts: { readonly [key: string]: Json }, decode = commitment): SubjectEntry {
  for (const key in facts) {
    if (!SUBJECT_KEYS.has(key)) throw new ShapeError(`\`${key}\` isn't a key that is known here`)
  }
  if ((facts.r === undefined) === (facts.b === undefined))
    throw new ShapeError('its subject is neither a row nor a batch')
  return {
    subject:
      facts.r !== undefined
        ? { kind: 'row', row: whole(facts.r, 'r', 1) }
        : { kind: 'batch', batch: whole(facts.b, 'b', 1) },
    time_us: whole(facts.t, 't', 0),
    previous: facts.p === undefined ? null : whole(facts.p, 'p', 0),
    open: whole(facts.o, 'o', 0),
    origin: facts.s === undefined ? null : origin(facts.s, 's'),
    births: list(facts.n, 'n', birth),
    visits: list(facts.v, 'v', visit),
    holds: list(facts.h, 'h', hold),
    releases: list(facts.l, 'l', release),
    groups_opened: list(facts.g, 'g', groupOpened),
    groups_closed: list(facts.d, 'd', groupClosed),
    timed_out: list(facts.u, 'u', (each, where) => whole(each, where, 1)),
    endings: list(facts.e, 'e', ending),
    calls: list(facts.x, 'x', call),
    intents: list(facts.y, 'y', intent),
    orders: facts.f === undefined ? 0 : whole(facts.f, 'f', 1),
    ...committedIn(facts, decode),
  }
}

const NONE: readonly never[] = []

/** A list that is left out if it is empty. */
function list<T>(value: Json | undefined, where: string, decode: (value: Json, where: string) => T): readonly T[] {
  if (value === undefined) return NONE
  if (!Array.isArray(value) || value.length === 0) refuse(value, where, 'a list with elements')
  const elements = value as readonly Json[]
  const result: T[] = []
  try {
    for (let i = 0; i < elements.length; i++) result.push(decode(elements[i]!, where))
  } catch (error) {
    // Its place is put together only for an element that is refused.
    const at = result.length
    if (error instanceof ShapeError) decode(elements[at]!, `${where}[${at}]`)
    throw error
  }
  return result
}

const CODE = /^[A-Z0-9_]{1,64}$/
const VERDICT = /^[a-z0-9_]+$/

/** The two elements of an error that follow the first `length` of a fact, or none. */
function errorAt(elements: readonly Json[], where: string, length: number): { code: string; value: number } | null {
  if (elements.length === length) return null
  if (elements.length !== length + 2) refuse(elements, where, `a list of ${length} or ${length + 2} elements`)
  const code = elements[length]
  if (typeof code !== 'string' || !CODE.test(code)) refuse(code, `${where}[${length}]`, 'an error code')
  return { code, value: whole(elements[length + 1], `${where}[${length + 1}]`, 1) }
}

function origin(value: Json, where: string): OriginFact {
  const length = Array.isArray(value) && value.length === 4 ? 4 : 3
  const [source, index, line, repeats] = numbers(value, where, length, length) as [number, number, number, number?]
  return {
    source: atLeastOne(source, where, 0),
    index: atLeastOne(index, where, 1),
    line,
    repeats: repeats === undefined ? null : atLeastOne(repeats, where, 3),
  }
}

function birth(value: Json, where: string): BirthFact {
  const length = Array.isArray(value) ? value.length : 0
  if (length === 1) {
    const [token] = numbers(value, where, 1, 1)
    return { token: atLeastOne(token!, where, 0), group: 0, ordinal: 0, value: 1, parents: NONE }
  }
  if (length < 4) refuse(value, where, 'a list of one element, or four or more')
  const elements = numbers(value, where, length, length) as [number, number, number, number]
  const [token, group, ordinal, born, ...parents] = elements
  parents.forEach((parent, i) => {
    atLeastOne(parent, where, 4 + i)
  })
  return {
    token: atLeastOne(token, where, 0),
    group: atLeastOne(group, where, 1),
    ordinal,
    value: atLeastOne(born, where, 3),
    parents,
  }
}

/** Place of a visit's start: before the entry's time where a visit was held. */
const START = 7

function visit(value: Json, where: string): VisitFact {
  const v = numbers(value, where, 9, 12, START)
  // 9 elements, or 11 with an error; one more if the run's clock stood still meanwhile.
  const stood_us = v.length % 2 === 0 ? whole(v.at(-1), `${where}[${v.length - 1}]`, 1) : 0
  const status = v[3]!
  if (status > 3) refuse(status, `${where}[3]`, 'a status (0 to 3)')
  const error = errorAt(stood_us === 0 ? v : v.slice(0, -1), where, 9)
  if (isError(status as VisitStatus) !== (error !== null)) {
    throw new ShapeError(`\`${where}\` has status ${status} and ${error === null ? 'no error' : 'an error'}`)
  }
  return {
    token: atLeastOne(v[0]!, where, 0),
    node: atLeastOne(v[1]!, where, 1),
    attempt: atLeastOne(v[2]!, where, 2),
    status: status as VisitStatus,
    in: v[4]!,
    out: v[5]!,
    edge: v[6]!,
    start_us: v[7]!,
    duration_us: v[8]!,
    stood_us,
    error,
  }
}

function hold(value: Json, where: string): HoldFact {
  const length = Array.isArray(value) && value.length === 5 ? 5 : 4
  const elements = numbers(value, where, length, length)
  const [token, node, group, ordinal, batch] = elements as [number, number, number, number, number?]
  return {
    token: atLeastOne(token, where, 0),
    node: atLeastOne(node, where, 1),
    group,
    ordinal,
    batch: batch === undefined ? null : atLeastOne(batch, where, 4),
  }
}

function release(value: Json, where: string): ReleaseFact {
  const elements = numbers(value, where, 3, 3)
  elements.forEach((each, i) => {
    atLeastOne(each, where, i)
  })
  const [token, node, place] = elements as [number, number, number]
  return { token, node, place }
}

function intent(value: Json, where: string): IntentFact {
  const length = Array.isArray(value) && value.length > 4 ? 7 : 4
  const elements = numbers(value, where, length, length)
  elements.forEach((each, i) => {
    atLeastOne(each, where, i)
  })
  const [token, node, attempt, request, first = 0, place = 0, rows = 0] = elements as [number, number, number, number]
  return { token, node, attempt, request, together: length === 4 ? null : { first, place, rows } }
}

function groupOpened(value: Json, where: string): GroupOpened {
  const [group, kind, node, expected] = numbers(value, where, 4, 4) as [number, number, number, number]
  if (kind > 4) refuse(kind, `${where}[1]`, 'a kind of group (0 to 4)')
  return {
    group: atLeastOne(group, where, 0),
    kind: kind as GroupKind,
    node: atLeastOne(node, where, 2),
    expected,
  }
}

function groupClosed(value: Json, where: string): GroupClosed {
  const elements = numbers(value, where, 1, Number.POSITIVE_INFINITY) as readonly Json[]
  const verdict = elements[1]
  if (typeof verdict !== 'string' || !VERDICT.test(verdict)) refuse(verdict, `${where}[1]`, 'a verdict')
  const detail = whole(elements[2], `${where}[2]`, 0)
  const members = elements.slice(3).map((member, i) => whole(member, `${where}[${i + 3}]`, 1))
  return { group: atLeastOne(elements[0] as number, where, 0), verdict, detail, members }
}

function ending(value: Json, where: string): EndingFact {
  const e = numbers(value, where, 5, 7)
  return {
    token: atLeastOne(e[0]!, where, 0),
    // Whether there is such a fate, and what it requires, is for the verifier to say.
    fate: atLeastOne(e[1]!, where, 1) as FateNumber,
    node: e[2]!,
    sink: e[3]!,
    group: e[4]!,
    error: errorAt(e, where, 5),
  }
}
