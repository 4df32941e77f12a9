/** Checks proofs and records, and prints what they tell and what they prove. */
import { resolve } from 'node:path'
import type { Checkpoint } from '../format/checkpoint.ts'
import type { VerifierKey } from '../format/verifier-key.ts'
import { TextShelf } from '../host/text-shelf.ts'
import { verifierKeysIn } from '../ledger/keys/keys.ts'
import { trustedKeys } from '../ledger/keys/known-ledgers.ts'
import { CustodyError } from '../model/error.ts'
import { type CheckedProof, checkProof } from '../read/check/check-proof.ts'
import { type CheckedRecord, checkRecord } from '../read/check/check-record.ts'
import { asLetter, proofTextIn } from '../read/check/letter.ts'
import { storyJson } from '../read/explain/json.ts'
import { type GivenFiles, withFiles } from './compared-files.ts'
import type { Context } from './context.ts'
import { evidenceFile, isPacked, proofIn, recordPieces } from './evidence-file.ts'
import { keptCheckpoint } from './kept-checkpoint.ts'
import { renderChecked } from './render/checked.ts'
import { count } from './render/text.ts'

export interface CheckFileOptions extends GivenFiles {
  readonly key?: string
  readonly since?: string
  readonly json?: boolean
}

/** Returns the exit code. @throws CustodyError CUSTODY_CHECKPOINT, CUSTODY_FILE_NOT_FOUND, CUSTODY_PROOF_UNREADABLE */
export async function checkFiles(
  context: Context,
  files: readonly string[],
  { key, since, json = false, ...given }: CheckFileOptions,
): Promise<0 | 1> {
  const { terminal, cwd, env } = context
  const trusted = key === undefined ? trustedKeys(null, env) : verifierKeysIn(resolve(cwd, key))
  const head = since === undefined ? null : keptCheckpoint(resolve(cwd, since)).checkpoint
  const results: Array<CheckedProof | CheckedRecord> = []
  for (const [i, file] of files.entries()) {
    const checked = await checkedFile(context, resolve(cwd, file), { trusted, since: head }, given)
    results.push(checked)
    if (!json) terminal.answer(`${i > 0 ? '\n' : ''}${renderChecked(checked, context)}`)
  }
  const answers = results.map(checkedJson)
  if (json) terminal.answerJson(answers.length === 1 ? answers[0] : answers)
  return results.every(each => each.ok) ? 0 : 1
}

async function checkedFile(
  { terminal, cwd }: Context,
  path: string,
  { trusted, since }: { readonly trusted: readonly VerifierKey[]; readonly since: Checkpoint | null },
  given: GivenFiles,
): Promise<CheckedProof | CheckedRecord> {
  const has_files = given.source !== undefined || given.output !== undefined
  const file = evidenceFile(path)
  if (!isPacked(file)) {
    if (has_files)
      throw new CustodyError('CUSTODY_ARGUMENT', 'a proof of one row says nothing of whole files', {
        hint: '--source and --output go with the record of a run.',
      })
    const { text, in_letter } = proofTextIn(proofIn(file))
    const checked = await checkProof(text, trusted, since)
    return in_letter ? asLetter(checked) : checked
  }
  const onProgress = ({ entries, of }: { readonly entries: number; readonly of: number }) =>
    terminal.live(`  checking  ${count(entries)} of ${count(of)} entries`)
  const record = await checkRecord(recordPieces(file), { trusted, since, onProgress, newShelf: () => new TextShelf() })
  terminal.clearLive()
  return has_files ? await withFiles(cwd, record, given) : record
}

function checkedJson(result: CheckedProof | CheckedRecord) {
  if (result.kind === 'record') {
    const { files: _files, ...checked } = result
    return checked
  }
  const { story, ...checked } = result
  return { ...checked, ...(story === null ? {} : { story: storyJson(story) }) }
}
