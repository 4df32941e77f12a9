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
import { type ComparedFile, comparedFiles, type GivenFiles, withFiles } from './compared-files.ts'
import type { Context } from './context.ts'
import { evidenceFile, isPacked, proofIn, recordPieces } from './evidence-file.ts'
import { keptCheckpoint } from './kept-checkpoint.ts'
import { renderChecked } from './render/checked.ts'
import { errorJson, exitCodeOf, renderError } from './render/error.ts'
import { count, printable } from './render/text.ts'

export interface CheckFileOptions extends GivenFiles {
  readonly key?: string
  readonly policy?: string
  readonly tsa?: string
  readonly since?: string
  readonly json?: boolean
}

/**
 * Returns the exit code: that of a file that can't be read before that of one that doesn't hold. Of several files each is checked, whatever
 * is wrong with others.
 * @throws CustodyError CUSTODY_CHECKPOINT, CUSTODY_POLICY, CUSTODY_FILE_NOT_FOUND, CUSTODY_ARGUMENT; of a single file CUSTODY_PROOF_UNREADABLE
 */
export async function checkFiles(
  context: Context,
  files: readonly string[],
  { json = false, source, output, ...trusting }: CheckFileOptions,
): Promise<0 | 1 | 2> {
  const { terminal, cwd } = context
  const options = optionsOf(context, trusting)
  const compared = comparedFiles(cwd, {
    ...(source === undefined ? {} : { source }),
    ...(output === undefined ? {} : { output }),
  })
  const results: Result[] = []
  for (const [i, file] of files.entries()) {
    const result = await checkedOrNot(context, resolve(cwd, file), options, compared)
    if (files.length === 1 && isCustodyError(result)) throw result
    results.push(result)
    if (!json) tell(context, files.length === 1 ? null : file, i, result)
  }
  const answers = results.map(resultJson)
  if (json) terminal.answerJson(answers.length === 1 ? answers[0] : answers)
  if (results.some(isCustodyError)) return 2
  return results.every(each => !isCustodyError(each) && each.ok) ? 0 : 1
}

/** Or why it can't be. */
type Result = Checked | CustodyError

async function checkedOrNot(
  context: Context,
  path: string,
  options: CheckOptions,
  compared: readonly ComparedFile[],
): Promise<Result> {
  try {
    return await checkedFile(context, path, options, compared)
  } catch (error) {
    if (!isCustodyError(error) || exitCodeOf(error) !== 2) throw error
    // Who reads a text doesn't know where it came from.
    return error.where === undefined && error.code !== 'CUSTODY_FILE_NOT_FOUND'
      ? new CustodyError(error.code, error.message, { where: { file: path }, hint: error.hint, cause: error })
      : error
  }
}

/** `file`: as it was named, if there are several; the `i`-th of them. */
function tell({ terminal, cwd, env }: Context, file: string | null, i: number, result: Result): void {
  if (isCustodyError(result))
    terminal.report(renderError(result, terminal.paint_stderr, env.CUSTODY_DEBUG === '1', cwd))
  else {
    const heading = file === null ? [] : [`${i > 0 ? '\n' : ''}${terminal.paint('bold', printable(file))}`]
    terminal.answer([...heading, renderChecked(result, { terminal, cwd })].join('\n'))
  }
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
  { terminal }: Context,
  path: string,
  options: CheckOptions,
  compared: readonly ComparedFile[],
): Promise<Checked> {
  const file = evidenceFile(path)
  if (!isPacked(file)) {
    if (compared.length > 0)
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
  return compared.length > 0 ? await withFiles(record, compared) : record
}

type Checked = CheckedProof | CheckedRecord | CheckedErasure

function resultJson(result: Result) {
  if (isCustodyError(result)) return { ok: false, ...errorJson(result) }
  if (result.kind === 'erasure') return result
  if (result.kind === 'record') {
    const { files: _files, ...checked } = result
    return checked
  }
  const { story, ...checked } = result
  return { ...checked, ...(story === null ? {} : { story: storyJson(story) }) }
}
