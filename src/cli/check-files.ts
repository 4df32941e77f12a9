/** Checks proofs and records, and prints what they tell and what they prove. */
import { resolve } from 'node:path'
import { isErasure } from '../format/erasure.ts'
import { revokedIn } from '../host/seen-ledger.ts'
import { TextShelf } from '../host/text-shelf.ts'
import { readAuthorities, readPolicy, usersAuthorities, usersPolicy } from '../host/witnessing/settings.ts'
import { namedKeysIn } from '../ledger/keys/keys.ts'
import { trustedKeys } from '../ledger/keys/known-ledgers.ts'
import { CustodyError, isCustodyError } from '../model/error.ts'
import { type CheckedErasure, checkErasure } from '../read/check/check-erasure.ts'
import { type CheckedProof, checkProof } from '../read/check/check-proof.ts'
import { type CheckedRecord, checkRecord } from '../read/check/check-record.ts'
import { asLetter, proofTextIn } from '../read/check/letter.ts'
import type { CheckOptions } from '../read/check/word.ts'
import { storyJson } from '../read/explain/json.ts'
import { type GivenFiles, withFiles } from './compared-files.ts'
import type { Context } from './context.ts'
import { evidenceFile, isPacked, proofIn, recordPieces } from './evidence-file.ts'
import { keptCheckpoint } from './kept-checkpoint.ts'
import { renderChecked } from './render/checked.ts'
import { count } from './render/text.ts'

export interface CheckFileOptions extends GivenFiles {
  readonly key?: string
  readonly policy?: string
  readonly tsa?: string
  readonly since?: string
  readonly json?: boolean
}

/** Returns the exit code. @throws CustodyError CUSTODY_CHECKPOINT, CUSTODY_POLICY, CUSTODY_FILE_NOT_FOUND, CUSTODY_PROOF_UNREADABLE */
export async function checkFiles(
  context: Context,
  files: readonly string[],
  { json = false, source, output, ...trusting }: CheckFileOptions,
): Promise<0 | 1> {
  const { terminal, cwd } = context
  const options = optionsOf(context, trusting)
  const given = { ...(source === undefined ? {} : { source }), ...(output === undefined ? {} : { output }) }
  const results: Checked[] = []
  for (const [i, file] of files.entries()) {
    const path = resolve(cwd, file)
    const checked = await checkedFile(context, path, options, given).catch(error => {
      throw inFile(error, path)
    })
    results.push(checked)
    if (!json) terminal.answer(`${i > 0 ? '\n' : ''}${renderChecked(checked, context)}`)
  }
  const answers = results.map(checkedJson)
  if (json) terminal.answerJson(answers.length === 1 ? answers[0] : answers)
  return results.every(each => each.ok) ? 0 : 1
}

/** Names the file: who reads a text doesn't know where it came from, and several files may have been given. */
function inFile(error: unknown, file: string): unknown {
  if (!isCustodyError(error) || error.code !== 'CUSTODY_PROOF_UNREADABLE' || error.where !== undefined) return error
  return new CustodyError(error.code, error.message, { where: { file }, hint: error.hint, cause: error })
}

/** Whom the user trusts: who is named, else who stands in their configuration. */
function optionsOf({ cwd, env }: Context, { key, policy: path, tsa, since }: CheckFileOptions): CheckOptions {
  const policy = path === undefined ? null : readPolicy(resolve(cwd, path))
  const pins_log = policy !== null && policy.logs.length > 0
  return {
    trusted: key !== undefined ? namedKeysIn(resolve(cwd, key)) : pins_log ? null : trustedKeys(null, env),
    policy,
    known: policy === null ? usersPolicy(env) : null,
    authorities: tsa === undefined ? usersAuthorities(env) : readAuthorities(resolve(cwd, tsa)),
    revokedIn: ledger => revokedIn(env, ledger),
    since: since === undefined ? null : keptCheckpoint(resolve(cwd, since)).checkpoint,
  }
}

async function checkedFile(
  { terminal, cwd }: Context,
  path: string,
  options: CheckOptions,
  given: GivenFiles,
): Promise<Checked> {
  const has_files = given.source !== undefined || given.output !== undefined
  const file = evidenceFile(path)
  if (!isPacked(file)) {
    if (has_files)
      throw new CustodyError('CUSTODY_ARGUMENT', 'only the record of a run says something of whole files', {
        hint: '--source and --output go with the record of a run.',
      })
    const found = proofIn(file)
    if (isErasure(found)) return checkErasure(found, options)
    const { text, in_letter } = proofTextIn(found)
    const checked = await checkProof(text, options)
    return in_letter ? asLetter(checked) : checked
  }
  const onProgress = ({ entries, of }: { readonly entries: number; readonly of: number }) =>
    terminal.live(`  checking  ${count(entries)} of ${count(of)} entries`)
  const record = await checkRecord(recordPieces(file), { ...options, onProgress, newShelf: () => new TextShelf() })
  terminal.clearLive()
  return has_files ? await withFiles(cwd, record, given) : record
}

type Checked = CheckedProof | CheckedRecord | CheckedErasure

function checkedJson(result: Checked) {
  if (result.kind === 'erasure') return result
  if (result.kind === 'record') {
    const { files: _files, ...checked } = result
    return checked
  }
  const { story, ...checked } = result
  return { ...checked, ...(story === null ? {} : { story: storyJson(story) }) }
}
