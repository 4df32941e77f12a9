/**
 * A machine asks to write a ledger with a key of its own, and one that may says yes. No private key leaves its machine: what goes over is a
 * text with the new keys' signatures of the change, at the place where log 0 stands (the request); who adds them signs the same.
 */
import { existsSync, readFileSync } from 'node:fs'
import type { Signer } from '../format/signing-key.ts'
import { CustodyError } from '../model/error.ts'
import { parseJson } from '../model/json.ts'
import { isHash } from '../model/sha256.ts'
import { signedChange } from './keys/key-ring.ts'
import type { Trust } from './keys/trust.ts'
import type { LedgerReader } from './read-port.ts'
import type { StoredLedger } from './write/ledger.ts'
import { LogZero } from './write/log-zero.ts'

const FORMAT = 'custody-key-request/1'

export interface KeyRequest {
  readonly format: typeof FORMAT
  /** The ledger's id. */
  readonly ledger: string
  /** How many entries log 0 has, and their root. */
  readonly index: number
  readonly root: string
  /** Verifier keys, all of which have signed. */
  readonly keys: readonly string[]
  readonly signatures: readonly string[]
}

/** @throws CustodyError as `LogZero.read`; CUSTODY_KEY if the keys are in force already, or were revoked. */
export async function requestKey(reader: LedgerReader, signer: Signer, trust: Trust): Promise<KeyRequest> {
  const log_zero = await reader.snapshot(() => LogZero.read(reader, trust))
  if (log_zero.keys.in_force.some(({ text }) => signer.verifier_keys.includes(text)))
    throw new CustodyError('CUSTODY_KEY', `your key ${signer.name} is in force in ${reader.url} already`, {
      hint: 'There is nothing to ask for: you can write to it.',
    })
  const revoked = log_zero.keys.taken.find(each => each.revoked && signer.verifier_keys.includes(each.key))
  if (revoked !== undefined)
    throw new CustodyError(
      'CUSTODY_KEY',
      `your key ${signer.name} was revoked in entry ${revoked.index} of ${reader.url}’s own log, and can’t be added again`,
      { hint: 'Move the file of the key away, and ask once more: another key is made then.' },
    )
  const place = log_zero.place()
  const { keys, signatures } = signedChange('add', signer.verifier_keys, place, [signer])
  return { format: FORMAT, ...place, keys, signatures }
}

/** `signer` is one that may write the ledger. @throws CustodyError CUSTODY_KEY, CUSTODY_KEY_REQUEST, CUSTODY_KEY_UNKNOWN. */
export async function addRequestedKey(ledger: StoredLedger, signer: Signer, request: KeyRequest): Promise<void> {
  ledger.mustBeInForce(signer)
  await ledger.changeKeys('add', request.keys, [signer], request)
}

/** @throws CustodyError CUSTODY_KEY_REQUEST if the file has none. */
export function readRequest(path: string): KeyRequest {
  try {
    const request = parseJson(readFileSync(path, 'utf8')) as Partial<KeyRequest> | null
    if (request !== null && isRequest(request)) return request
  } catch (cause) {
    if (!existsSync(path)) throw new CustodyError('CUSTODY_KEY_REQUEST', `there is no file ${path}`)
    if (!(cause instanceof SyntaxError))
      throw new CustodyError('CUSTODY_KEY_REQUEST', `${path} can’t be read`, { cause })
  }
  throw new CustodyError('CUSTODY_KEY_REQUEST', `${path} is no request to add a key`)
}

function isRequest(request: Partial<KeyRequest>): request is KeyRequest {
  const { format, ledger, index, root, keys, signatures } = request
  const areTexts = (list: unknown) => Array.isArray(list) && list.every(each => typeof each === 'string')
  const has_place =
    typeof ledger === 'string' && Number.isSafeInteger(index) && typeof root === 'string' && isHash(root)
  return format === FORMAT && has_place && areTexts(keys) && areTexts(signatures)
}
