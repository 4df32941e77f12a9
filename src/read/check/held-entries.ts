/** Entries of log 0 that come with the proofs that they are in it (C2SP tlog-proof). */
import { checkpointIn } from '../../format/checkpoint.ts'
import { leafHash } from '../../format/hash.ts'
import type { LoggedEntry } from '../../format/proof.ts'
import { parseTlogProof, type TlogProof } from '../../format/tlog-proof.ts'
import { checkInclusion, Frontier, treeBefore } from '../../format/tree.ts'
import { NoteError } from '../../format/verifier-key.ts'
import { entryName, type Report } from '../verify/check.ts'
import type { HeldEntry } from './log-part.ts'

export interface HeldLog {
  readonly entries: readonly HeldEntry[]
  /** The checkpoint to which all of the proofs lead. */
  readonly note: string
}

/** @returns null if they don't show what they are there for. */
export function heldByProofs(logged: readonly LoggedEntry[], check: Report): HeldLog | null {
  const entries: HeldEntry[] = []
  let note: string | null = null
  for (const [i, { body, proof }] of logged.entries()) {
    const parsed = parseTlogProof(proof)
    if (parsed === null) check.add(`what is given with entry ${i} of its list is no proof that it is in the log`)
    else if (note !== null && parsed.checkpoint !== note) check.add('its proofs lead to several checkpoints')
    else {
      note = parsed.checkpoint
      const held = heldEntry(body, parsed)
      if (held === null) check.add(`${entryName(parsed.index)} isn’t in the log that the checkpoint is of`)
      else entries.push(held)
    }
  }
  return note === null || entries.length < logged.length ? null : { entries, note }
}

function heldEntry(body: string, { index, path, checkpoint }: TlogProof): HeldEntry | null {
  try {
    const { size, root } = checkpointIn(checkpoint)
    const leaf = leafHash(body)
    if (!checkInclusion(leaf, index, size, path, root)) return null
    const before = () => Frontier.from(treeBefore(index, size, path))
    const withIt = () => {
      const tree = before()
      tree.append(leaf)
      return tree
    }
    return { index, body, rootBefore: () => before().root(), rootWith: () => withIt().root() }
  } catch (error) {
    if (error instanceof NoteError) return null
    throw error
  }
}
