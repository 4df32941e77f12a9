/** One seed of one shape whose ledger is a real one, too: all that is asked of any simulated run, and what is left there. */
import { isDeepStrictEqual } from 'node:util'
import type { LedgerKey } from '../../src/ledger/encryption/ledger-key.ts'
import { openLedgerReader } from '../../src/ledger/open.ts'
import type { LedgerReader } from '../../src/ledger/read-port.ts'
import { verifyLedger } from '../../src/read/verify/verify.ts'
import { problemTexts } from '../support/forger.ts'
import { testPorts } from '../support/ledger.ts'
import type { Shape } from './generate.ts'
import { type Simulated, simulate } from './simulate.ts'
import { SimulatedStore } from './stored.ts'

/** `url`: of a ledger that isn't there yet. `key`: it is encrypted with it; the keychain has it. */
export async function simulateOver(url: string, seed: number, shape: Shape, key?: LedgerKey): Promise<Simulated> {
  const ledger = new SimulatedStore(url, key)
  const simulated = await simulate(seed, shape, ledger)
  const reader = await openLedgerReader(url)
  try {
    const verified = await verifyLedger(reader, { keys: testPorts().trust.keys })
    const problems = [...simulated.problems, ...problemTexts(verified), ...(await otherEntries(ledger, reader))]
    return { ...simulated, problems }
  } finally {
    await reader.close()
  }
}

/** What is durable in memory is durable there, and nothing else is. */
async function otherEntries({ log, entries_kept }: SimulatedStore, reader: LedgerReader): Promise<string[]> {
  let size = 0
  for await (const { seq, body } of reader.entries(log)) {
    const kept = entries_kept[seq]?.encoded.body
    if (kept === undefined || !isDeepStrictEqual(factsIn(body), factsIn(kept)))
      return [`entry ${seq} is ${body}, and was ${kept}`]
    size++
  }
  return size === entries_kept.length ? [] : [`${size} entries are stored, and there were ${entries_kept.length}`]
}

/** All that an entry says but its commitments, and what only a ledger with trees can say. */
function factsIn(body: string): unknown {
  const { c: _commitments, z: _nonce, subjects: _trees, tiles: _tiles, ...facts } = JSON.parse(body)
  // A run opens no earlier than the last entry of log 0, which memory hasn't.
  return facts.k === 'open' ? { ...facts, t: null } : facts
}
