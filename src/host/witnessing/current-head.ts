/** The head of a ledger's own log as it is given to others: with its leaves, and with nobody's signatures but the log's own. */
import { parseCheckpoint } from '../../format/checkpoint.ts'
import { headNote } from '../../format/head-note.ts'
import { openNote } from '../../format/note.ts'
import { Frontier } from '../../format/tree.ts'
import { NoteError, parseVerifierKey, type VerifierKey } from '../../format/verifier-key.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { CustodyError } from '../../model/error.ts'
import type { Hash } from '../../model/sha256.ts'
import { keysOnRecord } from '../../read/keys-on-record.ts'

export interface CurrentHead {
  readonly origin: string
  readonly size: number
  /** The text of the note. */
  readonly text: string
  /** With the signatures of the keys that are in force. */
  readonly note: string
  /** Of all entries. */
  readonly leaves: readonly Hash[]
  readonly keys: readonly VerifierKey[]
}

const LOG_ZERO = 0
const PAGE = 4096

/** All is of one moment. @throws CustodyError CUSTODY_LEDGER_ALTERED if what is stored isn't what was signed: that isn't given to anybody. */
export function currentHead(reader: LedgerReader): Promise<CurrentHead> {
  return reader.snapshot(async () => {
    const leaves = await leavesOf(reader)
    const tree = new Frontier()
    for (const leaf of leaves) tree.append(leaf)
    const signed = await signedHead(reader)
    if (signed === null || signed.size !== leaves.length || signed.root !== tree.root())
      throw new CustodyError(
        'CUSTODY_LEDGER_ALTERED',
        `what ${reader.url} has of its own log isn’t what its head signed`,
      )
    return { ...signed, leaves }
  })
}

/** null if what is stored is none. */
async function signedHead(reader: LedgerReader) {
  try {
    const keys = (await keysOnRecord(reader)).map(each => parseVerifierKey(each.verifier_key))
    const note = headNote((await reader.head(LOG_ZERO)) ?? '', keys)
    const opened = note === null ? null : openNote(note, keys)
    if (note === null || opened?.ok !== true) return null
    return { ...parseCheckpoint(opened.text), text: opened.text, note, keys }
  } catch (error) {
    if (error instanceof NoteError) return null
    throw error
  }
}

async function leavesOf(reader: LedgerReader): Promise<readonly Hash[]> {
  const leaves: Hash[] = []
  for (;;) {
    const page = await reader.leaves(LOG_ZERO, leaves.length, PAGE)
    leaves.push(...page)
    if (page.length < PAGE) return leaves
  }
}
