/** Asks a store again where that may help. */
import { setTimeout as wait } from 'node:timers/promises'
import { StoreFailure } from './object-store.ts'

/** Together some 20 s: longer outages stop the run, which can be resumed. */
const WAITS_MS = [100, 300, 1000, 3000, 6000, 10_000]

export interface Patience {
  /** How long to wait before each further attempt. */
  readonly waits_ms: readonly number[]
}

export const PATIENCE: Patience = { waits_ms: WAITS_MS }

/** What `work` gives, after as many attempts as it takes and are allowed. @throws StoreFailure of the last one. */
export async function persistently<T>(work: () => Promise<T>, { waits_ms }: Patience = PATIENCE): Promise<T> {
  for (const wait_ms of waits_ms) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof StoreFailure && error.kind === 'unavailable')) throw error
    }
    // A fraction of it by chance, so that many who were cut off together don't come back together.
    await wait(wait_ms * (0.5 + Math.random() / 2))
  }
  return await work()
}
