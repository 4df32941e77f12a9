/** What the first stage of the write side makes of one entry, with commitments filled in, as texts. */
import { commitmentOf } from '../../src/format/hash.ts'
import { type Block, BlockReader, BlockWriter, type TimedEnding } from '../../src/ledger/write/block.ts'
import { Entropy } from '../../src/ledger/write/entropy.ts'
import type { OpenChange } from '../../src/ledger/write-port.ts'

export interface Encoded {
  readonly row: number | null
  readonly batch: number | null
  readonly first_value: number
  readonly closes: boolean
  readonly body: string
  /** null if it has no values. */
  readonly payload: string | null
  /** What was committed to. */
  readonly texts: readonly string[]
  readonly salts: Uint8Array
  readonly endings: readonly TimedEnding[]
  readonly changes: OpenChange
}

/** Salts and nonces without chance. */
export const noEntropy = (byte = 0): Entropy => new Entropy(size => new Uint8Array(size).fill(byte))

/** Filled again and again, as that of a ledger is. */
const WRITER = new BlockWriter()
const ZEROS = noEntropy()

/** The one entry that `write` encodes. */
export function encodedBy(write: (to: BlockWriter, entropy: Entropy) => void, entropy = ZEROS): Encoded {
  WRITER.clear()
  write(WRITER, entropy)
  const block = WRITER.take()
  const [encoded, ...others] = encodedIn(block)
  WRITER.reuse(block)
  if (encoded === undefined || others.length > 0) throw new Error('not one entry')
  return encoded
}

/** `commits`: commitments are filled in. */
export function encodedIn(block: Block, commits = true): Encoded[] {
  const entry = new BlockReader(block)
  const all: Encoded[] = []
  while (entry.next()) {
    const { row, batch, first_value, closes, values } = entry
    const texts = Array.from({ length: values }, (_, i) => entry.value(i).toString('utf8'))
    if (commits) for (let i = 0; i < values; i++) entry.commit(i, commitmentOf(entry.salt(i), entry.value(i)))
    all.push({
      ...{ row, batch, first_value, closes, texts },
      body: entry.body().toString('utf8'),
      payload: values === 0 ? null : entry.payload().toString('utf8'),
      salts: entry.salts().slice(),
      endings: Array.from({ length: entry.endings }, () => entry.ending()),
      changes: entry.changes(),
    })
  }
  return all
}
