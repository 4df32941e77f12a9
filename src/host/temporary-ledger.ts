/** A ledger for a run that leaves nothing behind. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** `work` gets the URL of a ledger that isn't there yet; whatever it makes there is gone afterwards. */
export async function inTemporaryLedger<T>(work: (url: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'custody-dry-run-'))
  try {
    return await work(`sqlite:${join(folder, 'custody.db')}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
