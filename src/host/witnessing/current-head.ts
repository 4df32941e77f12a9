/** The head of a ledger's own log as it is given to others, with nobody's signatures but the log's own. Of a ledger that was seen before only what came since is read. */
import { parseCheckpoint } from '../../format/checkpoint.ts'
import { headNote } from '../../format/head-note.ts'
import { readNote } from '../../format/note.ts'
import { parseVerifierKey, type VerifierKey } from '../../format/verifier-key.ts'
import { forked } from '../../ledger/keys/forked.ts'
import { newestOf, rememberSeen, type Trust } from '../../ledger/keys/trust.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { CustodyError } from '../../model/error.ts'
import type { Hash } from '../../model/sha256.ts'
import { ledgerHead } from '../../read/evidence/ledger-head.ts'
import { ledgerIdOf } from '../ledger.ts'

/** What is remembered of ledgers. */
export type Memory = Omit<Trust, 'keys'>

export interface CurrentHead {
  readonly origin: string
  readonly size: number
  /** The text of the note. */
  readonly text: string
  /** With the signatures of the keys that are in force. */
  readonly note: string
  readonly keys: readonly VerifierKey[]
  /** That it continues its first `old_size` entries, as long as the reader is open. @throws CustodyError CUSTODY_LEDGER_ALTERED. */
  consistency(old_size: number): Promise<readonly Hash[]>
}

/**
 * All is of one moment.
 * @throws CustodyError CUSTODY_LEDGER_ALTERED if what is stored isn't what was signed, CUSTODY_LEDGER_FORKED if it isn't what was seen: that
 * isn't given to anybody.
 */
export function currentHead(reader: LedgerReader, memory: Memory): Promise<CurrentHead> {
  return reader.snapshot(async () => {
    const id = await ledgerIdOf(reader)
    const found = id === null ? null : await ledgerHead(reader, memory.recall(id))
    if (found === null) throw altered(reader)
    const { ledger, keys, in_force, taken, sound, tree, head } = found
    const seen = { keys, in_force, taken, sound, written: false, head }
    const standing = await rememberSeen(memory, ledger, seen, of => tree.rootOf(of))
    const remembered = memory.recall(ledger)
    if (standing === 'forked' && remembered !== null) throw forked(reader.url, newestOf(remembered).size, remembered)
    const good = in_force.map(parseVerifierKey)
    const note = headNote((await reader.head(0)) ?? '', good)
    const read = note === null ? null : readNote(note)
    if (note === null || read?.ok !== true) throw altered(reader)
    const { origin, size } = parseCheckpoint(read.text)
    const consistency = async (old_size: number) => {
      const proof = await tree.consistency(old_size)
      if (proof === null) throw altered(reader)
      return proof
    }
    return { origin, size, text: read.text, note, keys: good, consistency }
  })
}

function altered({ url }: LedgerReader): CustodyError {
  return new CustodyError('CUSTODY_LEDGER_ALTERED', `what ${url} has of its own log isn’t what its head signed`)
}
