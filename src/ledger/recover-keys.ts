/** The keys in force of a ledger are replaced by the user's own, with a recovery key, whatever became of the others. */
import type { Signer } from '../format/signing-key.ts'
import { keyLabel, parseVerifierKey } from '../format/verifier-key.ts'
import { CustodyError } from '../model/error.ts'
import type { Environment } from './keys/config-folder.ts'
import { ownKeyFile, replaceKey, signerIn } from './keys/key-file.ts'
import { lackingTypes } from './keys/key-ring.ts'
import { signingKey } from './keys/keys.ts'
import { mustHave, type TakenAway, takeAway } from './take-keys.ts'
import type { StoredLedger } from './write/ledger.ts'

export interface Recovered {
  readonly to: Signer
  /** Verifier keys that were taken away. */
  readonly gone: readonly string[]
}

/**
 * `open` opens the ledger for changes of keys. The user's key comes in force, or a new one if theirs can't: it was revoked, or is of
 * too few types. If it was broken off, doing it once more ends it. `recovery` is a file of signing keys.
 * @throws CustodyError CUSTODY_KEY, CUSTODY_RUN_HELD, and those of opening.
 */
export async function recoverKeys(
  env: Environment,
  recovery: string,
  change: 'retire' | 'revoke',
  open: () => Promise<StoredLedger>,
): Promise<Recovered> {
  return recovering(recovery, open, async (ledger, offline) => {
    const to = await broughtIn(ledger, offline, usable(env, ledger))
    const gone = ledger.keysInForce().filter(each => !to.verifier_keys.includes(each))
    if (gone.length > 0) await ledger.changeKeys(change, gone, [to])
    return { to, gone }
  })
}

/**
 * Revokes the keys of one name alone: the others stay. The user's key comes in force if it isn't, a new one if it is that which was stolen.
 * @throws CustodyError as `recoverKeys`; CUSTODY_ARGUMENT if no such key is in force.
 */
export async function revokeWithRecovery(
  env: Environment,
  recovery: string,
  name: string,
  open: () => Promise<StoredLedger>,
): Promise<TakenAway> {
  return recovering(recovery, open, async (ledger, offline) => {
    mustHave(ledger, name)
    const own = usable(env, ledger)
    const to = own.name === name ? replaceKey(ownKeyFile(env), own) : own
    return takeAway(ledger, 'revoke', name, await broughtIn(ledger, offline, to))
  })
}

/** `offline`: the recovery key of the ledger, which is `recovery`. */
async function recovering<T>(
  recovery: string,
  open: () => Promise<StoredLedger>,
  work: (ledger: StoredLedger, offline: Signer) => Promise<T>,
): Promise<T> {
  const offline = recoverySigner(recovery)
  const ledger = await open()
  try {
    await ledger.refuseHeldRuns()
    const named = ledger.keys.recovery.map(each => each.text)
    if (!offline.verifier_keys.some(each => named.includes(each)))
      throw new CustodyError('CUSTODY_KEY', `${recovery} is no recovery key of ${ledger.url}`, {
        hint:
          named.length === 0
            ? 'The ledger was born without one. Begin another that names it: `custody ledger init --succeeds <url>`.'
            : `It was born with ${named.map(keyLabel).join(' and ')}.`,
      })
    return await work(ledger, offline)
  } finally {
    await ledger.close()
  }
}

async function broughtIn(ledger: StoredLedger, offline: Signer, to: Signer): Promise<Signer> {
  const in_force = ledger.keysInForce()
  if (!to.verifier_keys.every(each => in_force.includes(each)))
    await ledger.changeKeys('add', to.verifier_keys, [offline, to])
  return to
}

function recoverySigner(path: string): Signer {
  try {
    return signerIn(path)
  } catch (cause) {
    if (cause instanceof CustodyError) throw cause
    throw new CustodyError('CUSTODY_KEY', `the recovery key ${path} can’t be read`, {
      cause,
      hint: 'Name the file that `custody key new` has made.',
    })
  }
}

function usable(env: Environment, { keys }: StoredLedger): Signer {
  const own = signingKey(env)
  const types = lackingTypes(keys.in_force, own.verifier_keys.map(parseVerifierKey))
  const is_revoked = own.verifier_keys.some(each => keys.wasRevoked(each))
  return is_revoked || types.length > 0 ? replaceKey(ownKeyFile(env), own) : own
}
