/** A run whose rows are to be proven, although nobody has checked the ledger. */
import type { LedgerReader } from '../../src/ledger/read-port.ts'
import { logTree } from '../../src/read/evidence/log-tree.ts'
import { wantedEntries } from '../../src/read/prove/logged.ts'
import type { ProvenRun } from '../../src/read/prove/prove.ts'

export async function provenRun(
  reader: LedgerReader,
  { run, log }: { readonly run: string; readonly log: number },
): Promise<ProvenRun> {
  const logged = await wantedEntries(
    reader,
    entry => (entry.k === 'opened' || entry.k === 'sealed' || entry.k === 'erase') && entry.run === run,
  )
  const treeOf = (each: number) => logTree(reader, each, { signed: '' })
  return { run, log, tree: await treeOf(log), logged, treeOf }
}
