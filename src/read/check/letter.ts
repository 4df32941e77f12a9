/** The proof in a letter, and what is to be said of the letter itself. */
import { isLetter, proofInLetter } from '../../format/letter.ts'
import { CustodyError } from '../../model/error.ts'

export interface ProofText {
  readonly text: string
  /** Whether it stood in a letter. */
  readonly in_letter: boolean
}

/** @param file the text of a proof's file, or of a letter's. @throws CustodyError CUSTODY_PROOF_UNREADABLE */
export function proofTextIn(file: string): ProofText {
  if (!isLetter(file)) return { text: file, in_letter: false }
  const found = proofInLetter(file)
  if (found.ok) return { text: found.proof, in_letter: true }
  throw new CustodyError('CUSTODY_PROOF_UNREADABLE', `the file is no letter that can be read: ${found.message}`)
}

/** LETTER-2. */
const AROUND =
  'what the letter says beside the proof in it: that is its sender’s own statement, and isn’t read; the story here is the proof’s'

/** The result of checking the proof in a letter. */
export function asLetter<Checked extends { readonly not_proven: readonly string[] }>(checked: Checked): Checked {
  return { ...checked, not_proven: [...checked.not_proven, AROUND] }
}
