/** Entries of the ledger's own log with the proofs that they are in it, all under its latest checkpoint. */
import { headIn } from '../../format/checkpoint.ts'
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
  /** The signed head to which all proofs lead. */
  readonly checkpoint: string
  /** By ascending index, the birth first. */
  readonly entries: ReadonlyArray<{ readonly seq: number; readonly entry: LedgerEntry; readonly logged: LoggedEntry }>
}

/** The birth, and those that `isWanted`. Within one snapshot. @throws UnsoundRecord */
export async function loggedEntries(
  reader: Pick<LedgerReader, 'entries' | 'head' | 'leaves' | 'tileRoots'>,
  isWanted: (entry: LedgerEntry, seq: number) => boolean,
): Promise<Logged> {
  const checkpoint = (await reader.head(0)) ?? ''
  const head = headIn(checkpoint)
  if (head === null) throw new UnsoundRecord(['the ledger’s own log has no checkpoint'])
  const tree = await logTree(reader, 0, { signed: head.root })
  if (tree.root !== head.root) throw new UnsoundRecord(['the ledger’s own log isn’t what its checkpoint is of'])
  const entries: Array<Logged['entries'][number]> = []
  let ledger = ''
  for await (const { seq, body } of reader.entries(0)) {
    const entry = readable(0, () => decodeLedgerEntry(seq, body))
    if (entry.k === 'birth') ledger = entry.ledger
    else if (!isWanted(entry, seq)) continue
    const path = await tree.inclusion(seq)
    if (path === null) throw new UnsoundRecord([`${entryName(seq)} of log 0 isn’t in its tree`])
    entries.push({ seq, entry, logged: { body, proof: tlogProofText({ index: seq, path, checkpoint }) } })
  }
  return { ledger, checkpoint, entries }
}
