/** The file of the user's signing keys, and those of former ones beside it, which ledgers may still have in force. */
import { constants, copyFileSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Signer } from '../../format/signing-key.ts'
import { CustodyError } from '../../model/error.ts'
import type { Environment } from './config-folder.ts'
import { keyPlace, newKeyText, parse } from './keys.ts'

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

export function formerKeys(path: string): Signer[] {
  const beginning = `${basename(path)}${FORMER}`
  return readdirSync(dirname(path))
    .filter(name => name.startsWith(beginning))
    .map(name => signerIn(join(dirname(path), name)))
}

export function formerPath(path: string, { verifier_key }: Signer): string {
  return `${path}${FORMER}${verifier_key.split('+')[1]}`
}

/** A new pair of keys at `path`, and what was there as a former one. There is a key at `path` at any time. */
export function replaceKey(path: string, current: Signer): Signer {
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
