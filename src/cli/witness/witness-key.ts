/** The key file of a witness: read, or made. Its keys cosign heads of logs, and are nobody's who writes one. */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Cosigner, encodeCosigningKeys, parseCosigningKeys } from '../../format/cosigning-key.ts'
import { bytesToHex } from '../../format/hash.ts'
import { newSeed } from '../../format/signing-key.ts'
import { isKeyName, type VerifierKey } from '../../format/verifier-key.ts'
import { keyExposure } from '../../ledger/keys/keys.ts'
import { CustodyError } from '../../model/error.ts'
import { makeFolders } from '../../model/folder.ts'

/**
 * `logs`: keys that sign logs, the user's own among them: none of these may be the witness's.
 * @throws CustodyError CUSTODY_WITNESS.
 */
export function witnessKey(path: string, name: string | undefined, logs: readonly VerifierKey[]): Cosigner {
  const cosigner = parsed(path, read(path) ?? made(path, name ?? `custody-witness/${bytesToHex(randomBytes(4))}`))
  const exposed = keyExposure({ kind: 'file', path, from_environment: false })
  if (exposed?.forbidden === true)
    throw new CustodyError('CUSTODY_WITNESS', `the key ${path} is no secret: ${exposed.what}`, {
      hint: `Make it yours alone: chmod 600 ${path}`,
    })
  const of_logs = new Set(logs.map(each => bytesToHex(each.public_key)))
  if (cosigner.keys.some(each => of_logs.has(bytesToHex(each.public_key))))
    throw new CustodyError(
      'CUSTODY_WITNESS',
      `the key ${path} is one that signs a ledger: nobody is their own witness`,
      {
        hint: 'Name another file with --key; it is made if it isn’t there.',
      },
    )
  return cosigner
}

function parsed(path: string, text: string): Cosigner {
  try {
    return parseCosigningKeys(text)
  } catch {
    // The text isn't shown, nor what is wrong with it: it may be another key.
    throw new CustodyError('CUSTODY_WITNESS', `${path} holds no key of a witness`, {
      hint: 'Name a file that isn’t there, and one is made. The key that signs a ledger is none: a witness’s has another type.',
    })
  }
}

/** null if there is no such file. */
function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null
    throw new CustodyError('CUSTODY_WITNESS', `${path} can’t be read`, { cause })
  }
}

function made(path: string, name: string): string {
  if (!isKeyName(name))
    throw new CustodyError('CUSTODY_WITNESS', `${JSON.stringify(name)} is no name for a key`, {
      hint: 'A name has no spaces and no plus sign, as in example.com/witness.',
    })
  const text = encodeCosigningKeys(name, { ed25519: newSeed(), 'ml-dsa-44': newSeed() })
  try {
    makeFolders(dirname(path), 0o700)
    writeFileSync(path, text, { mode: 0o600, flag: 'wx', flush: true })
    return text
  } catch (cause) {
    throw new CustodyError('CUSTODY_WITNESS', `no key can be made at ${path}`, { cause })
  }
}
