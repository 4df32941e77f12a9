/** Measures the readers on the ledger that a run has left. */
import { join } from 'node:path'
import { verifyOnAllCores } from '../src/host/verify.ts'
import { trustedKeys } from '../src/ledger/keys/known-ledgers.ts'
import { openLedgerReader } from '../src/ledger/open.ts'
import { CheckedReader } from '../src/read/evidence/checked-reader.ts'
import { explainRow } from '../src/read/explain/explain.ts'
import { findRun } from '../src/read/runs/list.ts'
import { search } from './searching.ts'
import { median } from './statistics.ts'
import type { ReadSample, ReadTask } from './task.ts'

const AGAIN = 20

export async function interrogate({ folder, row }: ReadTask): Promise<ReadSample> {
  const url = `sqlite:${join(folder, 'custody.db')}`
  const explain_first_ms = await timeOf(() => explain(url, row))
  const again: number[] = []
  for (let i = 1; i <= AGAIN; i++) again.push(await timeOf(() => explain(url, Math.max(1, row - i * 17))))
  const reader = await openLedgerReader(url)
  try {
    let verify_ok = false
    const verify_ms = await timeOf(async () => {
      verify_ok = (await verifyOnAllCores(reader, { keys: trustedKeys(null) })).ok
    })
    const found = await search(url)
    const verify_seconds = verify_ms / 1000
    return { explain_first_ms, explain_again_ms: median(again), verify_seconds, verify_ok, search: found }
  } finally {
    await reader.close()
  }
}

async function explain(url: string, row: number): Promise<void> {
  const reader = await openLedgerReader(url)
  try {
    const { log } = await findRun(reader, 'latest')
    const checked = new CheckedReader(reader, { remembered: null })
    await reader.snapshot(() => explainRow(checked, log, row))
  } finally {
    await reader.close()
  }
}

/** In milliseconds. */
async function timeOf(work: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}
