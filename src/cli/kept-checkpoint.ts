/** A checkpoint that somebody kept, in a file. */
import { readFileSync } from 'node:fs'
import { CustodyError } from '../model/error.ts'
import { type Kept, keptIn } from '../read/verify/since.ts'

/** A signed note is smaller. */
const MOST_BYTES = 1_000_000

/** @throws CustodyError CUSTODY_CHECKPOINT. */
export function keptCheckpoint(path: string): Kept {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new CustodyError('CUSTODY_CHECKPOINT', `${path} can’t be read`, { cause })
  }
  const kept = text.length > MOST_BYTES ? null : keptIn(text)
  if (kept === null) throw new CustodyError('CUSTODY_CHECKPOINT', `${path} isn’t the checkpoint of a log`)
  return kept
}
