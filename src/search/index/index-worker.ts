/** The thread that builds an index, beside all others. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { openLedgerReader } from '../../ledger/open.ts'
import { withoutPassword } from '../../ledger/postgres/address.ts'
import { claim } from './claim.ts'
import type { BuilderInput, BuilderReport } from './index-builder.ts'
import { Indexing } from './indexing.ts'

/** A ledger is looked at for what is new so often. */
const ROUND_MS = 500
/** Beside a run that is being written it works this share of the time, so that the run is as quick as without it. */
const SHARE_BESIDE_RUNS = 0.02

async function work({ url, index, ledger, token }: BuilderInput): Promise<never> {
  const reader = await openLedgerReader(url)
  const indexing: Indexing = new Indexing(reader, { index, ledger }, async worked_ms => {
    await ((await indexing.isWritten()) ? sleep(worked_ms * (1 / SHARE_BESIDE_RUNS - 1)) : nextTurn())
  })
  for (;;) {
    await round(indexing, { url, index, token })
    await sleep(ROUND_MS)
  }
}

/** If it is this thread that builds. What goes wrong in one may be better in the next. */
async function round(indexing: Indexing, { url, index, token }: Omit<BuilderInput, 'ledger'>): Promise<void> {
  try {
    if (!claim(index, token)) return
    await indexing.round()
    report({ kind: 'round' })
  } catch (error) {
    report({ kind: 'trouble', message: `the index of ${withoutPassword(url)} can’t be kept: ${String(error)}` })
  }
}

function report(what: BuilderReport): void {
  parentPort?.postMessage(what)
}

// cast: what index-builder.ts starts it with.
await work(workerData as BuilderInput)
