/** Entries of the ledger's own log with the proofs that they are in it, all under its latest checkpoint. */
import { parseCheckpoint } from '../../format/checkpoint.ts'
import type { LedgerEntry } from '../../format/ledger-entry.ts'
import type { LoggedEntry } from '../../format/proof.ts'
import { tlogProofText } from '../../format/tlog-proof.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { decodeLedgerEntry } from '../decode.ts'
import { logTree } from '../evidence/log-tree.ts'
import { UnsoundRecord } from '../evidence/unsound.ts'
import { readable } from '../runs/damaged.ts'
import { entryName } from '../verify/check.ts'

export interface Logged {
  /** The ledger's id. */
  readonly ledger: string
  readonly entries: readonly LoggedEntry[]
  /** What these say. */
  readonly facts: readonly LedgerEntry[]
}

/** The birth, and those that `isWanted`. @throws UnsoundRecord */
export async function loggedEntries(
  reader: Pick<LedgerReader, 'entries' | 'head' | 'leaves' | 'tileRoots'>,
  isWanted: (entry: LedgerEntry) => boolean,
): Promise<Logged> {
  const checkpoint = await reader.head(0)
  if (checkpoint === null) throw new UnsoundRecord(['the ledger’s own log has no checkpoint'])
  const { root } = parseCheckpoint(checkpoint.slice(0, checkpoint.lastIndexOf('\n\n') + 1))
  const tree = await logTree(reader, 0, { signed: root })
  const entries: LoggedEntry[] = []
  const facts: LedgerEntry[] = []
  let ledger = ''
  for await (const { seq, body } of reader.entries(0)) {
    const entry = readable(0, () => decodeLedgerEntry(seq, body))
    if (entry.k === 'birth') ledger = entry.ledger
    else if (!isWanted(entry)) continue
    const path = await tree.inclusion(seq)
    if (path === null) throw new UnsoundRecord([`${entryName(seq)} of log 0 isn’t in its tree`])
    entries.push({ body, proof: tlogProofText({ index: seq, path, checkpoint }) })
    facts.push(entry)
  }
  return { ledger, entries, facts }
}
