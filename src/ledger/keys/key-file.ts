/** The file of the user's signing keys, and those of former ones beside it, which ledgers may still have in force. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Signer } from '../../format/signing-key.ts'
import { CustodyError } from '../../model/error.ts'
import type { Environment } from './config-folder.ts'
import { keyPlace, newKeyText, parse } from './keys.ts'
import { replaceFile } from './known-ledgers.ts'

/** @throws CustodyError CUSTODY_KEY if there is none, or if the key isn't in a file. */
export function ownKeyFile(env: Environment): string {
  const place = keyPlace(env)
  if (place.kind === 'environment')
    throw new CustodyError('CUSTODY_KEY', '$CUSTODY_KEY holds the key itself, and can’t be changed from here', {
      hint: 'Write the key to a file, name that with $CUSTODY_KEY, and try again.',
    })
  if (!existsSync(place.path)) throw new CustodyError('CUSTODY_KEY', 'there is no signing key yet: nothing to rotate')
  return place.path
}

export function signerIn(path: string): Signer {
  return parse(readFileSync(path, 'utf8'), path)
}

const FORMER = '.former-'
/** Behind that: the key's hash, and nothing else, as of a file that was being written when the power went. */
const HASH = /^[0-9a-f]{8}$/

export function formerKeys(path: string): Signer[] {
  const beginning = `${basename(path)}${FORMER}`
  return readdirSync(dirname(path))
    .filter(name => name.startsWith(beginning) && HASH.test(name.slice(beginning.length)))
    .map(name => signerIn(join(dirname(path), name)))
}

export function formerPath(path: string, { verifier_key }: Signer): string {
  return `${path}${FORMER}${verifier_key.split('+')[1]}`
}

/**
 * A new pair of keys at `path`, and what was there as a former one, which is on the disk as a whole before it goes from `path`: whenever the power
 * goes, none is lost.
 */
export function replaceKey(path: string, current: Signer): Signer {
  try {
    const former = formerPath(path, current)
    if (!existsSync(former)) replaceFile(former, readFileSync(path, 'utf8'))
    replaceFile(path, newKeyText())
  } catch (cause) {
    throw new CustodyError('CUSTODY_KEY', `no other key can be put in the place of ${path}`, { cause })
  }
  return signerIn(path)
}
