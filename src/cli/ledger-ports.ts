/** What a command gives a ledger that it writes: time, chance, the user's key, and what the user knows of ledgers. */
import { randomBytes } from 'node:crypto'
import { signingKey } from '../ledger/keys.ts'
import { trustedKeys, userTrust } from '../ledger/known-ledgers.ts'
import { trustIn } from '../ledger/trust.ts'
import type { LedgerPorts } from '../ledger/write-port.ts'
import type { Context } from './context.ts'

/** `signer` is the user's, if nothing else is said. A ledger that isn't `kept` is nothing to remember. @throws CustodyError CUSTODY_KEY. */
export function ledgerPorts(
  { env, terminal }: Context,
  kept = true,
  // First: it makes the key if there is none yet, and who signs trusts it.
  signer = signingKey(env),
): LedgerPorts {
  return {
    // The time of day: other machines judge by it whether a lease has run out, and the engine's clock stands still while this one sleeps.
    now_us: () => Date.now() * 1000,
    entropy: size => randomBytes(size),
    signer,
    trust: kept ? userTrust(env, why => terminal.tell(`warning: ${why}`)) : trustIn(trustedKeys(null, env)),
  }
}
