/** Reads the file of a proof strictly, so that one proof has one file: what docs/proof-format.md doesn't have is refused. */
import { fromBase64 } from '../../format/base64.ts'
import { ERASURE_FORMAT, type ErasureCertificate } from '../../format/erasure.ts'
import {
  type LoggedEntry,
  PROOF_FORMAT,
  type ProvenEntry,
  type ProvenSplit,
  type ProvenSubject,
  type RowProof,
  type ShownValue,
} from '../../format/proof.ts'
import { isCanonical, NotJsonError } from '../../model/canonical.ts'
import { CustodyError } from '../../model/error.ts'
import { JsonTextError, parseStored } from '../../model/json.ts'
import type { Json } from '../../model/row.ts'
import { isUuid } from '../../model/uuid.ts'
import { asObject, type Decoder, hex, int, listOf, object, oneOf, refuse, ShapeError, text, tuple } from '../shape.ts'

/** @throws CustodyError CUSTODY_PROOF_UNREADABLE */
export function parseProof(file: string): RowProof {
  return parsed(file, PROOF_FORMAT, PROOF)
}

/** @throws CustodyError CUSTODY_PROOF_UNREADABLE */
export function parseErasure(file: string): ErasureCertificate {
  return parsed(file, ERASURE_FORMAT, ERASURE)
}

function parsed<T>(file: string, format: string, decode: Decoder<T>): T {
  try {
    return decode(canonicalIn(file, format), '')
  } catch (error) {
    if (error instanceof ShapeError) throw unreadable(error.message, error)
    throw error
  }
}

function canonicalIn(file: string, wanted: string): Json {
  if (file === '') throw unreadable('it is empty')
  const body = file.slice(0, -1)
  try {
    const value = parseStored(body)
    // Other formats may be laid out otherwise.
    const { format } = asObject(value, 'it')
    oneOf(wanted)(format, 'format')
    if (!file.endsWith('\n') || !isCanonical(value, body)) throw unreadable('its text isn’t canonical')
    return value
  } catch (error) {
    if (error instanceof JsonTextError) throw unreadable(error.message, error)
    if (error instanceof NotJsonError) throw unreadable('its text isn’t canonical', error)
    throw error
  }
}

function unreadable(why: string, cause?: unknown): CustodyError {
  return new CustodyError('CUSTODY_PROOF_UNREADABLE', `the file is no proof that can be read: ${why}`, { cause })
}

export const uuid: Decoder<string> = (value, where) => {
  if (typeof value !== 'string' || !isUuid(value)) refuse(value, where, 'a UUID in lower case')
  return value
}

const any: Decoder<Json> = (value, where) => {
  if (value === undefined) refuse(value, where, 'a value')
  return value
}

/** Of at least one byte, in its one spelling. */
export const base64: Decoder<string> = (value, where) => {
  if (typeof value !== 'string' || fromBase64(value) === null) refuse(value, where, 'bytes in base64')
  return value
}

/** Where nothing would be in it, the list isn't there. */
export const some =
  <T>(decode: Decoder<T>): Decoder<readonly T[]> =>
  (value, where) => {
    const list = listOf(decode)(value, where)
    if (list.length === 0) refuse(value, where, 'a list with something in it')
    return list
  }

/** By ascending numbers, each once. */
const rising =
  <T>(decode: Decoder<T>, numberOf: (each: T) => number): Decoder<readonly T[]> =>
  (value, where) => {
    const list = some(decode)(value, where)
    // cast: there is one before each but the first.
    if (list.some((each, i) => i > 0 && numberOf(each) <= numberOf(list[i - 1] as T)))
      throw new ShapeError(`\`${where}\` isn’t in order`)
    return list
  }

const PATH = listOf(hex(32))

const LOGGED: Decoder<LoggedEntry> = object({ body: text(), proof: text() })

export const SHOWN: Decoder<ShownValue> = object({ number: int(1), salt: hex(16), value: any })

const ENTRY: Decoder<ProvenEntry> = (value, where) =>
  object({
    ...{ seq: int(), body: text(), path: PATH },
    ...(has(value, where, 'values') ? { values: rising(SHOWN, each => each.number) } : {}),
  })(value, where)

const ENTRIES = rising(ENTRY, each => each.seq)

const MEMBERS = rising(tuple(int(1), int(1)), ([token]) => token)

const SUBJECT: Decoder<ProvenSubject> = (value, where) =>
  object({
    ...{ kind: oneOf('row', 'batch'), number: int(1), entries: ENTRIES, path: PATH },
    ...(has(value, where, 'members') ? { members: MEMBERS } : {}),
  })(value, where)

const SUBJECTS: Decoder<readonly ProvenSubject[]> = (value, where) => {
  const subjects = some(SUBJECT)(value, where)
  oneOf('row')(subjects[0]?.kind, `${where}[0].kind`)
  return subjects
}

const SPLIT: Decoder<ProvenSplit> = object({ part: int(1), close: text(), path: PATH })

const RUN: Decoder<RowProof['run']> = (value, where) =>
  object({
    ...{ run: uuid, log: int(1), entries: ENTRIES },
    ...(has(value, where, 'split') ? { split: SPLIT } : {}),
  })(value, where)

const PROOF: Decoder<RowProof> = (value, where) =>
  object({
    ...{ format: oneOf(PROOF_FORMAT), ledger: text(), log: some(LOGGED), run: RUN, subjects: SUBJECTS },
    ...(has(value, where, 'timestamps') ? { timestamps: some(base64) } : {}),
  })(value, where)

const ERASURE: Decoder<ErasureCertificate> = object({
  ...{ format: oneOf(ERASURE_FORMAT), ledger: text(), log: some(LOGGED) },
})

function has(value: Json | undefined, where: string, key: string): boolean {
  return Object.hasOwn(asObject(value, where), key)
}
