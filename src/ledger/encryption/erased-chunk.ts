/** Chunks of which values are erased. */
import { SALT_BYTES } from '../../format/hash.ts'
import { CustodyError } from '../../model/error.ts'
import type { Erasure } from '../erase-port.ts'
import type { ReadablePayload, SealedChunk } from '../read-port.ts'
import type { NewPayload } from '../write-port.ts'
import { type ChunkPlace, sealAll } from './chunk.ts'
import { ChunkOpener } from './chunk-opener.ts'
import type { Keychain } from './keychain.ts'

/** What becomes of the values of one entry: all of them go, or it has others from now on; undefined: they stay as they are. */
type Fate = 'goes' | ReadablePayload | undefined

/** What an erasure does to encrypted values. */
export interface SealedErasure {
  /** Between which entries there are some: every chunk that has one of them is looked at. */
  readonly ranges: ReadonlyArray<readonly [first: number, last: number]>
  fateOf(seq: number): Fate
}

export function sealedErasure({ values, payloads }: Erasure): SealedErasure {
  const whole = values.flatMap(([first = 0, last = 0, ...places]) =>
    places.length === 0 ? [[first, last] as const] : [],
  )
  const rewritten = new Map(payloads.map(each => [each.seq, each]))
  return {
    ranges: [...whole, ...payloads.map(({ seq }) => [seq, seq] as const)],
    fateOf: seq => (whole.some(([first, last]) => seq >= first && seq <= last) ? 'goes' : rewritten.get(seq)),
  }
}

/** What stands in the place of a chunk. */
export interface Replaced {
  /** Entries all of whose values are gone: they are kept in plain, as nothing. */
  readonly gone: ReadonlyArray<{ readonly seq: number; readonly salts_bytes: number; readonly body: string }>
  readonly chunks: readonly SealedChunk[]
  /** Entries of which something is erased. */
  readonly found: readonly number[]
}

/** null if nothing of it is erased. @throws CustodyError CUSTODY_LEDGER_KEY if what stays can't be encrypted anew. */
export function replaced(
  chunk: SealedChunk,
  { fateOf }: SealedErasure,
  place: ChunkPlace,
  keychain: Keychain,
): Replaced | null {
  const payloads = new ChunkOpener(keychain).payloadsOf(chunk, place) ?? []
  const found = payloads.map(({ seq }) => seq).filter(seq => fateOf(seq) !== undefined)
  if (found.length === 0) return null
  const gone: Array<Replaced['gone'][number]> = []
  const rest: NewPayload[] = []
  for (const payload of payloads) {
    const { seq } = payload
    const fate = fateOf(seq)
    if (fate === 'goes') {
      const values = 'unreadable' in payload ? payload.values : payload.salts.length / SALT_BYTES
      gone.push({ seq, salts_bytes: values * SALT_BYTES, body: `[${Array(values).fill('null').join(',')}]` })
      continue
    }
    const stays = fate ?? payload
    if ('unreadable' in stays) throw cantStay(chunk)
    rest.push({ seq, salts: stays.salts, body: Buffer.from(stays.body, 'utf8') })
  }
  const key = keychain.get(chunk.key_id)
  if (rest.length > 0 && key === null) throw cantStay(chunk)
  return { gone, chunks: key === null ? [] : [...sealAll(rest, place, key)], found }
}

function cantStay({ key_id }: SealedChunk): CustodyError {
  return new CustodyError(
    'CUSTODY_LEDGER_KEY',
    `values that stay are encrypted together with some that are erased, and can’t be encrypted anew without ledger key ${key_id}`,
  )
}
