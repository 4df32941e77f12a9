/** What others said of heads of a ledger: witnesses and timestamp authorities, each word held against the log that it is about. */
import { cosignaturesOf } from '../../format/cosignature.ts'
import { readNote } from '../../format/note.ts'
import { checkTimestamp, isByTrusted } from '../../format/timestamp-check.ts'
import { utf8 } from '../../format/verifier-key.ts'
import type { Environment } from '../../ledger/keys/config-folder.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { counted } from '../../model/number-text.ts'
import type { Report } from '../../read/verify/check.ts'
import { type HeadsOf, headProblem } from '../../read/verify/witnessed.ts'
import { usersAuthorities, usersPolicy } from '../witnessing/settings.ts'

/** Log 0, as it was read. */
export interface ZeroLog extends HeadsOf {
  /** Root of its first so many entries; undefined if it has fewer. */
  rootAt(size: number): string | undefined
}

export interface WitnessLine {
  readonly name: string
  /** Entries of the largest head that it cosigned. */
  readonly size: number
  /** When, by its clock; null: it doesn't say, or its key isn't known here, and so nothing that it says. */
  readonly at: string | null
  /** Its key is in the user's policy, and has signed. */
  readonly trusted: boolean
}

export interface TimestampLine {
  readonly size: number
  readonly at: string | null
  /** Subject of the certificate that came with it. */
  readonly authority: string | null
  /** That is one of those whom the user trusts. */
  readonly trusted: boolean
}

/** Of each witness the largest head. */
export async function witnessLines(
  reader: LedgerReader,
  env: Environment,
  log: ZeroLog,
  check: Report,
): Promise<readonly WitnessLine[]> {
  const known = usersPolicy(env)?.witnesses ?? []
  const lines = new Map<string, WitnessLine>()
  for await (const stored of reader.witnessed()) {
    const { size, note } = stored
    const problem = headProblem(stored, log, log.rootAt(size))
    const read = cosignaturesOf(
      note,
      known.map(each => each.key),
    )
    if (problem !== null) check.add(`what is stored as witnessed of ${counted(size, 'entry', 'entries')} ${problem}`)
    else if (!read.ok) check.add(`what is stored as witnessed of ${counted(size, 'entry', 'entries')}: ${read.message}`)
    if (problem !== null || !read.ok) continue
    const own = new Set(log.keys(size).good.map(key => `${key.name}+${key.hash}`))
    for (const name of signersOf(note)) if (!own.has(name)) lines.set(name, { name, size, at: null, trusted: false })
    for (const { key, timestamp } of read.cosignatures) {
      const name = `${key.name}+${key.hash}`
      const at = timestamp === 0 ? null : new Date(timestamp * 1000).toISOString()
      lines.set(name, { name, size, at, trusted: true })
    }
  }
  return [...lines.values()]
}

function signersOf(note: string): readonly string[] {
  const read = readNote(note)
  return read.ok ? read.signatures.map(({ name, hash }) => `${name}+${hash}`) : []
}

const MOST_TIMESTAMPS = 100

/** The newest first. */
export async function timestampLines(
  reader: LedgerReader,
  env: Environment,
  log: ZeroLog,
  check: Report,
): Promise<readonly TimestampLine[]> {
  const authorities = usersAuthorities(env)
  const lines: TimestampLine[] = []
  for await (const stored of reader.timestamps('newest')) {
    if (lines.length === MOST_TIMESTAMPS) break
    const { size, note, stamp } = stored
    const what = `the timestamp of ${counted(size, 'entry', 'entries')}`
    const problem = headProblem(stored, log, log.rootAt(size))
    const checked = checkTimestamp(stamp, utf8(note))
    if (problem !== null) check.add(`${what} ${problem}`)
    else if (!checked.ok) check.add(`${what} doesn’t hold: ${checked.message}`)
    if (problem !== null || !checked.ok) continue
    const trusted = isByTrusted(checked, authorities)
    lines.push({ size, at: new Date(checked.by_ms).toISOString(), authority: checked.by, trusted })
  }
  return lines
}
