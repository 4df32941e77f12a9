/**
 * A new signing key in the place of the one that is in force.
 *
 * First the files, then the ledger: if the power goes between, the ledger is still signed with a key that this user has, and
 * rotating once more continues from there. A former key is kept beside the new one, for the ledgers that still have it in force.
 */
import type { Signer } from '../format/signing-key.ts'
import type { Environment } from './keys/config-folder.ts'
import { formerKeys, formerPath, ownKeyFile, replaceKey, signerIn } from './keys/key-file.ts'
import type { StoredLedger } from './write/ledger.ts'

export interface Rotated {
  readonly from: Signer
  readonly to: Signer
  /** The file that the former key is kept in. */
  readonly former: string
}

/**
 * `open` opens the ledger for changes of keys. A key that was revoked counts nowhere any more where log 0 didn't bind what it signed.
 * @throws CustodyError CUSTODY_KEY, CUSTODY_KEY_UNKNOWN, CUSTODY_RUN_HELD, and those of opening.
 */
export async function rotateKey(
  env: Environment,
  change: 'retire' | 'revoke',
  open: () => Promise<StoredLedger>,
): Promise<Rotated> {
  const path = ownKeyFile(env)
  const current = signerIn(path)
  const former = formerKeys(path)
  const ledger = await open()
  try {
    // Whoever writes would find that its key is no longer in force.
    await ledger.refuseHeldRuns()
    const inForce = (signer: Signer) => ledger.keysInForce().filter(each => signer.verifier_keys.includes(each))
    const signers = [current, ...former].filter(each => inForce(each).length > 0)
    const [from = current] = signers
    ledger.mustBeInForce(from)
    const rest = signers.find(each => each !== from)
    if (from === current && rest !== undefined) {
      // A rotation that was broken off: the new key is in force already, and the old one still is.
      await ledger.changeKeys(change, inForce(rest), [current])
      return { from: rest, to: current, former: formerPath(path, rest) }
    }
    const to = from === current ? replaceKey(path, current) : current
    await ledger.changeKeys('add', to.verifier_keys, [from, to])
    await ledger.changeKeys(change, inForce(from), [to])
    return { from, to, former: formerPath(path, from) }
  } finally {
    await ledger.close()
  }
}
