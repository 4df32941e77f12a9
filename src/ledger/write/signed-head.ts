/** A log's stored head against what is stored of the log: nothing is signed after what wasn't signed before (I13). */
import { type Checkpoint, checkpointText, headIn } from '../../format/checkpoint.ts'
import { openNote } from '../../format/note.ts'
import type { VerifierKey } from '../../format/verifier-key.ts'
import { CustodyError } from '../../model/error.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { lackingTypes, unsigned } from '../keys/key-ring.ts'

/** What is stored of a log. */
export interface StoredExtent {
  /** The ledger's URL, for people. */
  readonly url: string
  readonly log: number
  /** null for log 0. */
  readonly run: string | null
  readonly origin: string
  /** Number of entries. */
  readonly size: number
  /** Root of their tree; null if it wasn't built. */
  readonly root: string | null
  /** The stored head; null if there is none. */
  readonly note: string | null
}

/**
 * Whether the head is one that `keys` (of its size) may sign, and of each type one has, and is the head of what is stored.
 * @throws CustodyError CUSTODY_LEDGER_ALTERED, CUSTODY_LEDGER_CUT, CUSTODY_KEY_UNKNOWN.
 */
export function checkSignedHead(extent: StoredExtent, keys: (size: number) => readonly VerifierKey[]): void {
  const { note, origin, size, root } = extent
  if (note === null) throw altered(extent, 'has no signed head')
  const head = headIn(note)
  if (head === null || head.origin !== origin) throw altered(extent, 'has a head that isn’t one of this log')
  const good = keys(head.size)
  const opened = openNote(note, good)
  if (!opened.ok && opened.problem === 'unknown_key')
    throw new CustodyError(
      'CUSTODY_KEY_UNKNOWN',
      `${nameOf(extent)} has a head that no key in force has signed: ${opened.message}`,
      { where: placeOf(extent) },
    )
  if (!opened.ok) throw altered(extent, `has a head that isn’t what was signed: ${opened.message}`)
  const lacking = lackingTypes(good, opened.signed_by)
  if (lacking.length > 0) throw altered(extent, `has a head that lacks a signature: ${unsigned(lacking)}`)
  if (size < head.size)
    throw new CustodyError(
      'CUSTODY_LEDGER_CUT',
      `${nameOf(extent)} has ${counted(size, 'entry', 'entries')}, and ${grouped(head.size)} were signed`,
      { where: placeOf(extent) },
    )
  if (size > head.size)
    throw altered(
      extent,
      `has ${counted(size, 'entry', 'entries')}, and ${grouped(head.size)} were signed: others were added`,
    )
  if (root !== null && root !== head.root)
    throw altered(extent, 'has entries that aren’t those that were signed: at least one was changed')
}

/** Whether a head, whoever signed it, is the one that log 0 has of a sealed run. @throws CustodyError CUSTODY_LEDGER_ALTERED. */
export function checkSealedHead(extent: StoredExtent, sealed: Pick<Checkpoint, 'size' | 'root'>): void {
  const { origin, note, size } = extent
  if (size < sealed.size)
    throw new CustodyError(
      'CUSTODY_LEDGER_CUT',
      `${nameOf(extent)} has ${counted(size, 'entry', 'entries')}, and was sealed with ${grouped(sealed.size)}`,
      { where: placeOf(extent) },
    )
  const text = checkpointText({ origin, ...sealed })
  if (size !== sealed.size || note?.startsWith(`${text}\n`) !== true)
    throw altered(extent, 'isn’t what it was sealed as')
}

/** Whether a run has the entries that log 0 says it had. @throws CustodyError CUSTODY_LEDGER_CUT. */
export function checkBound(extent: StoredExtent, bound: Pick<Checkpoint, 'size'>): void {
  if (extent.size >= bound.size) return
  throw new CustodyError(
    'CUSTODY_LEDGER_CUT',
    `${nameOf(extent)} has ${counted(extent.size, 'entry', 'entries')}, and had ${grouped(bound.size)} when the ledger’s own log last spoke of it`,
    { where: placeOf(extent) },
  )
}

export function altered(extent: Pick<StoredExtent, 'url' | 'log' | 'run'>, what: string): CustodyError {
  return new CustodyError('CUSTODY_LEDGER_ALTERED', `${nameOf(extent)} ${what}`, { where: placeOf(extent) })
}

function nameOf({ run }: Pick<StoredExtent, 'run'>): string {
  return run === null ? 'the ledger’s own log' : `run ${run}`
}

function placeOf({ url, log }: Pick<StoredExtent, 'url' | 'log'>): { readonly path: string } {
  return { path: `${url}, log ${log}` }
}
