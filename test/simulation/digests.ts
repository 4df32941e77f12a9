/** The digest of what a run came to, as the engine makes it of entries as they come and of what it reads back, and as `verify` does. */
import { SplitDigest } from '../../src/engine/split/split-digest.ts'
import type { LedgerReader } from '../../src/ledger/read-port.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { digestOfSplit } from '../../src/read/verify/result-lines.ts'
import type { MemoryLedger } from '../support/memory-ledger.ts'
import type { Random } from './random.ts'

/** All ways to it lead to one digest, wherever a process begins to follow the run. */
export async function digestOf({ topology }: Plan, ledger: MemoryLedger, random: Random) {
  const drafts = ledger.subjects()
  const last = { rows: 0, batches: 0 }
  const begins = random.below(drafts.length + 1)
  const before = { ...last }
  for (const [i, { subject }] of drafts.entries()) {
    if (i === begins) Object.assign(before, last)
    if (subject.kind === 'row') last.rows = Math.max(last.rows, subject.row)
    else last.batches = Math.max(last.batches, subject.batch)
  }
  if (begins === drafts.length) Object.assign(before, last)
  const from = (had: typeof last, rest: typeof drafts) => {
    const digest = new SplitDigest(topology, had, look => look(ledger, ledger.log), random.pick([0, 5_000, 1_000_000]))
    for (const each of rest) digest.add(each)
    return digest.close()
  }
  const digests = [
    await from({ rows: 0, batches: 0 }, drafts),
    await from(before, drafts.slice(begins)),
    // cast: it reads no more than a ledger in memory has.
    await digestOfSplit(ledger as unknown as LedgerReader, { log: ledger.log, ...last }, topology),
  ]
  const [digest = null] = digests
  return { digest, problems: digests.every(each => each === digest) ? [] : [`the digest is ${digests.join(', ')}`] }
}
