/** Where it is on record who looked at values of a ledger. */
import { besideLedger } from '../ledger/beside.ts'
import type { Environment } from '../ledger/keys/config-folder.ts'

/** Beside the ledger: `custody.db.access.jsonl`. */
export function accessPath(url: string, env: Environment): string {
  return `${besideLedger(url, env)}.access.jsonl`
}
