/** Whether a ledger continues a checkpoint of it that somebody kept: it is one of this ledger, signed as it must be, and its tree begins so. */
import { type Checkpoint, headIn } from '../../format/checkpoint.ts'
import { openNote } from '../../format/note.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { Check } from './check.ts'
import { missing } from './keys.ts'
import type { LedgerLog } from './ledger-log.ts'

/** A signed note, and what it says. */
export interface Kept {
  readonly note: string
  readonly checkpoint: Checkpoint
}

/** A signed note of a checkpoint, as `custody checkpoint` prints it, cosignatures or not; null if the text is none. Nothing is checked. */
export function keptIn(text: string): Kept | null {
  const checkpoint = headIn(text)
  return checkpoint === null ? null : { note: text, checkpoint }
}

/** `log` was read with the checkpoint's size among its `sizes`. */
export function checkSince({ note, checkpoint }: Kept, log: LedgerLog): Check {
  const check = new Check('since')
  const { origin, size, root } = checkpoint
  if (origin !== log.origin(0)) {
    check.add(`the checkpoint is one of ${origin}, and this is ${log.origin(0)}`)
    return check
  }
  const { good } = log.keysOf(0, size)
  const opened = openNote(note, good)
  const lacking = opened.ok ? missing(good, opened.signed_by) : []
  if (!opened.ok) check.add(`the checkpoint can’t be trusted: ${opened.message}`)
  else if (lacking.length > 0)
    check.add(`the checkpoint can’t be trusted: no ${lacking.join(' and no ')} key that was in force has signed it`)
  if (size > log.entries)
    check.add(
      `the checkpoint is of ${counted(size, 'entry', 'entries')}, and ${grouped(log.entries)} are there: the ledger is older (CUSTODY_LEDGER_ROLLED_BACK)`,
    )
  else if (root !== log.roots.get(size))
    check.add(
      `the first ${counted(size, 'entry isn’t', 'entries aren’t')} those of the checkpoint: this is another history (CUSTODY_LEDGER_FORKED)`,
    )
  return check
}
