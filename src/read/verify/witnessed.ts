/**
 * What others said of heads of log 0: cosignatures of witnesses, and timestamps. No entry speaks of them, so each is held against the log
 * itself: the head that it is about must be one that the log had, signed by the keys that were in force.
 */
import { parseCheckpoint } from '../../format/checkpoint.ts'
import { headNote } from '../../format/head-note.ts'
import { openNote } from '../../format/note.ts'
import {
  isAbout,
  isReached,
  ownWitness,
  ownWitnessText,
  type Policy,
  type PolicyWitness,
  witnessedBy,
} from '../../format/policy.ts'
import { checkTimestamp } from '../../format/timestamp-check.ts'
import { NoteError, utf8, type VerifierKey } from '../../format/verifier-key.ts'
import type { LedgerReader, StoredWitnessed } from '../../ledger/read-port.ts'
import { counted } from '../../model/number-text.ts'
import type { Hash } from '../../model/sha256.ts'
import type { Report } from './check.ts'
import { type HeadKeys, missing } from './keys.ts'

/** The largest head that as many witnesses have cosigned as the policy demands. */
export interface WitnessedHead {
  /** Entries of log 0. */
  readonly size: number
  readonly by: ReadonlyArray<{
    readonly witness: string
    /** When it said so, by its clock: seconds since the Unix epoch; 0 if it didn't say. */
    readonly at: number
  }>
}

/** Whose heads they must be. */
export interface HeadsOf {
  readonly origin: string
  keys(size: number): HeadKeys
}

/** Log 0, as it was read. */
export interface WitnessedLog extends HeadsOf {
  /** Its keys, whenever they were in force. */
  readonly own: readonly VerifierKey[]
  /** Root of its first so many entries; undefined if it has fewer. */
  rootAt(size: number): Hash | undefined
}

/** Sizes that something is stored of, for `WitnessedLog.rootAt`. */
export async function witnessedSizes(reader: LedgerReader): Promise<ReadonlySet<number>> {
  const sizes = new Set<number>()
  for await (const { size } of reader.witnessed()) sizes.add(size)
  for await (const { size } of reader.timestamps()) sizes.add(size)
  return sizes
}

/** @param policy null: nobody's cosignatures are known, so that they are passed over, as those of logs that it isn't about. @returns null if no head has what the policy demands. */
export async function checkWitnessed(
  reader: LedgerReader,
  log: WitnessedLog,
  policy: Policy | null,
  check: Report,
): Promise<WitnessedHead | null> {
  let largest: WitnessedHead | null = null
  const own = policy === null ? null : ownWitness(policy, log.own)
  if (policy !== null && own !== null && isAbout(policy, log.own)) check.add(ownWitnessText(own))
  const witnesses = new Map<PolicyWitness, number>()
  let size = 0
  for await (const stored of reader.witnessed()) {
    const problem = headProblem(stored, log, log.rootAt(stored.size))
    if (problem !== null) {
      check.add(`what is stored as witnessed of ${counted(stored.size, 'entry', 'entries')} ${problem}`)
      continue
    }
    if (policy === null || own !== null || !isAbout(policy, log.keys(stored.size).good)) continue
    const found = witnessedBy(policy, stored.note)
    if (found.problem !== null)
      check.add(`what is stored as witnessed of ${counted(stored.size, 'entry', 'entries')}: ${found.problem}`)
    if (stored.size !== size) witnesses.clear()
    size = stored.size
    // Cosignatures of one head can have come one after another.
    for (const { witness, timestamp } of found.by) witnesses.set(witness, timestamp)
    if (reaches(policy, witnesses))
      largest = { size, by: [...witnesses].map(([{ name }, at]) => ({ witness: name, at })) }
  }
  return largest
}

/** The largest head that a timestamp authority has dated. */
export interface DatedHead {
  /** Entries of log 0. */
  readonly size: number
  /** As the authority wrote it, as in 20261201031006Z. */
  readonly time: string
  /** Subject of the certificate that came with it. Whether that is an authority's to be believed isn't checked. */
  readonly by: string
}

/** @returns null if no head has a timestamp that holds. */
export async function checkTimestamps(
  reader: LedgerReader,
  log: WitnessedLog,
  check: Report,
): Promise<DatedHead | null> {
  let largest: DatedHead | null = null
  for await (const stored of reader.timestamps()) {
    const { size, note, stamp } = stored
    const what = `the timestamp of ${counted(size, 'entry', 'entries')}`
    const problem = headProblem(stored, log, log.rootAt(stored.size))
    if (problem !== null) check.add(`${what} ${problem}`)
    if (problem !== null) continue
    if (headNote(note, log.keys(size).good) !== note)
      check.add(`${what} is of a note that has other lines than the log’s own`)
    const checked = checkTimestamp(stamp, utf8(note))
    if (checked.ok) largest = { size, time: checked.time, by: checked.by }
    else check.add(`${what} doesn’t hold: ${checked.message}`)
  }
  return largest
}

function reaches(policy: Policy, witnesses: ReadonlyMap<PolicyWitness, number>): boolean {
  return witnesses.size > 0 && isReached(policy.quorum, new Set(witnesses.keys()))
}

/** `root`: of the log's first `size` entries. Continues "what is stored … "; null if the note is of a head that the log had. */
export function headProblem({ size, note }: StoredWitnessed, log: HeadsOf, root: Hash | undefined): string | null {
  const { good } = log.keys(size)
  const own = headNote(note, good)
  const opened = own === null ? null : openNote(own, good)
  if (opened?.ok !== true || missing(good, opened.signed_by).length > 0)
    return 'isn’t signed by the keys that were in force'
  try {
    const head = parseCheckpoint(opened.text)
    if (head.origin !== log.origin) return `is a head of ${head.origin}`
    if (head.size !== size) return `is a head of ${head.size}`
    if (root === undefined) return 'is a head of more entries than there are: this ledger is older, or another one'
    return head.root === root ? null : 'is a head of other entries: this is another history'
  } catch (error) {
    if (error instanceof NoteError) return 'is no head of a log'
    throw error
  }
}
