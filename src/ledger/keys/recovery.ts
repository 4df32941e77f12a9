/**
 * Recovery keys: an offline pair that signs no heads, and can change by itself which keys are in force. A ledger names it at its birth;
 * `recovery-keys` in the user's configuration folder says which one new ledgers name.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Signer } from '../../format/signing-key.ts'
import { CustodyError } from '../../model/error.ts'
import { makeFolders } from '../../model/folder.ts'
import { configFolder, type Environment } from './config-folder.ts'
import { signerIn } from './key-file.ts'
import { newKeyText, verifierKeysIn } from './keys.ts'
import { replaceFile } from './known-ledgers.ts'

/** Verifier keys that the user's new ledgers name; none if there is no such file. @throws CustodyError CUSTODY_KEY. */
export function recoveryKeys(env: Environment): readonly string[] {
  const path = recoveryPath(env)
  return existsSync(path) ? verifierKeysIn(path).map(each => each.text) : []
}

/** The user's new ledgers name this key from now on. @throws CustodyError CUSTODY_KEY. */
export function useForRecovery(env: Environment, { verifier_keys }: Signer): void {
  const path = recoveryPath(env)
  try {
    makeFolders(configFolder(env), 0o700)
    replaceFile(path, verifier_keys.map(each => `${each}\n`).join(''))
  } catch (cause) {
    throw new CustodyError('CUSTODY_KEY', `${path} can’t be written`, { cause })
  }
}

/** Makes a file with a new pair of keys. A file that is there is left as it is. @throws CustodyError CUSTODY_KEY. */
export function makeKeyFile(path: string): Signer {
  try {
    makeFolders(dirname(path), 0o700)
    writeFileSync(path, newKeyText(), { mode: 0o600, flag: 'wx', flush: true })
  } catch (cause) {
    const is_there = existsSync(path)
    throw new CustodyError(
      'CUSTODY_KEY',
      `no key can be written to ${path}${is_there ? ': there is a file already' : ''}`,
      {
        cause,
        hint: is_there ? 'Name a new file: a key is never written over.' : 'Name a file that can be made.',
      },
    )
  }
  return signerIn(path)
}

function recoveryPath(env: Environment): string {
  return join(configFolder(env), 'recovery-keys')
}
