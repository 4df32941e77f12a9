/** W1 with its ledger encrypted and in plain, in turns. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { measure, type Start } from './start.ts'
import { median } from './statistics.ts'
import type { RunSample } from './task.ts'

export interface EncryptionResult {
  readonly rows: number
  readonly repetitions: number
  /** Encrypted / in plain, medians of each pair's ratio: CPU time of the process, what a busy machine changes least; time; bytes of the ledger. */
  readonly cpu: number
  readonly wall: number
  readonly ledger: number
}

/** `folder` has data.csv. */
export async function measureEncryption(
  folder: string,
  { rows, repeat, start }: { readonly rows: number; readonly repeat: number; readonly start: Start },
): Promise<EncryptionResult> {
  const pairs: Array<{ readonly plain: RunSample; readonly encrypted: RunSample }> = []
  for (let turn = 1; turn <= repeat; turn++) {
    const run = async (encrypted: boolean) => {
      const place = join(folder, 'run')
      const sample = await measure(
        { kind: 'run', workload: 'w1', rows, evidence: true, folder: place, encrypted },
        start,
      )
      rmSync(place, { recursive: true })
      return sample
    }
    // Who goes first finds colder caches.
    const encrypted_first = turn % 2 === 0
    const first = await run(encrypted_first)
    const second = await run(!encrypted_first)
    pairs.push(encrypted_first ? { encrypted: first, plain: second } : { plain: first, encrypted: second })
  }
  const ratio = (of: (sample: RunSample) => number) => median(pairs.map(each => of(each.encrypted) / of(each.plain)))
  return {
    rows,
    repetitions: repeat,
    cpu: ratio(each => each.cpu_us_per_row),
    wall: ratio(each => each.seconds),
    ledger: ratio(each => each.ledger_bytes),
  }
}
