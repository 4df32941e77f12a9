/** Which data keys of some chunks are wrapped anew, and how. */
import { CustodyError } from '../../model/error.ts'
import type { Rewrapped } from '../store.ts'
import { rewrap } from './chunk.ts'
import type { Keychain } from './keychain.ts'
import type { LedgerKey } from './ledger-key.ts'
import type { ChunkHead } from './sealed-payloads.ts'

export interface PlacedHead extends ChunkHead {
  readonly log: number
}

export interface NewWrapping {
  readonly log: number
  readonly first: number
  readonly key_id: string
  readonly data_key: Uint8Array
}

/**
 * `heads`: those that come next, `most` at most.
 * @throws CustodyError CUSTODY_VERIFY_FAILED for a data key that isn't what was stored.
 */
export function rewrapping(
  heads: readonly PlacedHead[],
  most: number,
  to: LedgerKey,
  { ledger, keychain }: { readonly ledger: string; readonly keychain: Keychain },
): Rewrapped & { readonly changes: readonly NewWrapping[] } {
  const changes: NewWrapping[] = []
  const lacking = new Set<string>()
  for (const head of heads) {
    const { log, first, last, key_id } = head
    if (key_id === to.id) continue
    const from = keychain.get(key_id)
    if (from === null) {
      lacking.add(key_id)
      continue
    }
    const anew = rewrap(head, { ledger, log }, from, to)
    if (anew === null)
      throw new CustodyError(
        'CUSTODY_VERIFY_FAILED',
        `the values of entries ${first} to ${last} of log ${log} can’t be decrypted: their key isn’t what was stored`,
        { hint: 'Run `custody verify` to see all that is wrong.' },
      )
    changes.push({ log, first, ...anew })
  }
  const end = heads.at(-1)
  const next = end === undefined || heads.length < most ? null : { log: end.log, first: end.first }
  return { changes, wrapped: changes.length, lacking: [...lacking], next }
}
