/**
 * A new signing key in the place of the one that is in force.
 *
 * First the files, then the ledger: if the power goes between, the ledger is still signed with a key that this user has, and
 * rotating once more continues from there. A former key is kept beside the new one, for the ledgers that still have it in force.
 */
import { constants, copyFileSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Signer } from '../format/note.ts'
import { CustodyError, isCustodyError } from '../model/error.ts'
import type { Environment } from './keys/config-folder.ts'
import { keyPlace, newKeyText, parse } from './keys/keys.ts'
import type { StoredLedger } from './write/ledger.ts'

export interface Rotated {
  readonly from: Signer
  readonly to: Signer
  /** The file that the former key is kept in. */
  readonly former: string
}

/**
 * `open` opens the ledger for writing, to be signed with the key that it is given. A key that was revoked counts nowhere any more
 * where log 0 didn't bind what it signed.
 * @throws CustodyError CUSTODY_KEY, CUSTODY_KEY_UNKNOWN, CUSTODY_RUN_HELD, and those of opening.
 */
export async function rotateKey(
  env: Environment,
  change: 'retire' | 'revoke',
  open: (signer: Signer) => Promise<StoredLedger>,
): Promise<Rotated> {
  const path = pathOfKey(env)
  const current = signerIn(path)
  const former = formerKeys(path)
  const { ledger, from } = await openWithAny([current, ...former], open)
  try {
    // Whoever writes would find that its key is no longer in force.
    await ledger.refuseHeldRuns()
    const in_force = new Set(ledger.keys.goodFor(Number.MAX_SAFE_INTEGER).map(each => each.text))
    const rest = former.find(each => each !== from && in_force.has(each.verifier_key))
    if (from === current && rest !== undefined) {
      // A rotation that was broken off: the new key is in force already, and the old one still is.
      await ledger.changeKeys(change, [rest.verifier_key], [current])
      return { from: rest, to: current, former: formerPath(path, rest) }
    }
    const to = from === current ? replace(path, current) : current
    await ledger.changeKeys('add', [to.verifier_key], [from, to])
    await ledger.changeKeys(change, [from.verifier_key], [to])
    return { from, to, former: formerPath(path, from) }
  } finally {
    await ledger.close()
  }
}

/** The ledger is signed with one of these; its head says which. */
async function openWithAny(
  signers: readonly Signer[],
  open: (signer: Signer) => Promise<StoredLedger>,
): Promise<{ readonly ledger: StoredLedger; readonly from: Signer }> {
  let refused: unknown
  for (const from of signers)
    try {
      return { ledger: await open(from), from }
    } catch (error) {
      if (!isCustodyError(error) || error.code !== 'CUSTODY_KEY_UNKNOWN') throw error
      refused ??= error
    }
  throw refused
}

function pathOfKey(env: Environment): string {
  const place = keyPlace(env)
  if (place.kind === 'environment')
    throw new CustodyError('CUSTODY_KEY', '$CUSTODY_KEY holds the key itself, and can’t be changed from here', {
      hint: 'Write the key to a file, name that with $CUSTODY_KEY, and rotate then.',
    })
  if (!existsSync(place.path)) throw new CustodyError('CUSTODY_KEY', 'there is no signing key yet: nothing to rotate')
  return place.path
}

function signerIn(path: string): Signer {
  return parse(readFileSync(path, 'utf8'), path)
}

const FORMER = '.former-'

function formerKeys(path: string): Signer[] {
  const beginning = `${basename(path)}${FORMER}`
  return readdirSync(dirname(path))
    .filter(name => name.startsWith(beginning))
    .map(name => signerIn(join(dirname(path), name)))
}

function formerPath(path: string, { verifier_key }: Signer): string {
  return `${path}${FORMER}${verifier_key.split('+')[1]}`
}

/** There is a key at `path` at any time. */
function replace(path: string, current: Signer): Signer {
  try {
    const former = formerPath(path, current)
    if (!existsSync(former)) copyFileSync(path, former, constants.COPYFILE_EXCL)
    const temporary = `${path}.${process.pid}`
    writeFileSync(temporary, newKeyText(), { mode: 0o600, flag: 'wx', flush: true })
    renameSync(temporary, path)
  } catch (cause) {
    throw new CustodyError('CUSTODY_KEY', `no other key can be put in the place of ${path}`, { cause })
  }
  return signerIn(path)
}
