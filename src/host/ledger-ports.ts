/** What a ledger that is written is given: time, chance, the user's key, and what the user knows of ledgers. */
import { randomBytes } from 'node:crypto'
import type { Environment } from '../ledger/keys/config-folder.ts'
import { signingKey } from '../ledger/keys/keys.ts'
import { type ReportForgetful, trustedKeys, userTrust } from '../ledger/keys/known-ledgers.ts'
import { recoveryKeys } from '../ledger/keys/recovery.ts'
import { trustIn } from '../ledger/keys/trust.ts'
import type { LedgerPorts } from '../ledger/write-port.ts'

/**
 * `signer` is the user's unless it is given. `onForgetful` null: a ledger that isn't kept, and nothing to remember.
 * @throws CustodyError CUSTODY_KEY.
 */
export function ledgerPorts(
  env: Environment,
  onForgetful: ReportForgetful | null,
  // First: it makes the key if there is none yet, and whoever signs with it trusts it.
  signer = signingKey(env),
): LedgerPorts {
  return {
    // The time of day: other machines judge by it whether a lease has run out, and the engine's clock stands still while this one sleeps.
    now_us: () => Date.now() * 1000,
    is_time_of_day: true,
    entropy: size => randomBytes(size),
    signer,
    trust: onForgetful === null ? trustIn(trustedKeys(null, env)) : userTrust(env, onForgetful),
    birth: { recovery: recoveryKeys(env) },
  }
}
