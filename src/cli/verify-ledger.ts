/** Verifies a ledger or one run of it, and says whether the record holds. */

import { resolve } from 'node:path'
import { verifyNamed } from '../host/answers/verified-ledger.ts'
import { readPolicy, usersPolicy } from '../host/witnessing/settings.ts'
import { trustedKeys } from '../ledger/keys/known-ledgers.ts'
import type { Remembered } from '../ledger/keys/trust.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { CustodyError } from '../model/error.ts'
import { compareInputs } from '../read/verify/compare-inputs.ts'
import { verifyFiles } from '../read/verify/files.ts'
import type { VerifiedRun, VerifyResult } from '../read/verify/verify.ts'
import type { Context } from './context.ts'
import { keptCheckpoint } from './kept-checkpoint.ts'
import { type LedgerOptions, seen, withReader } from './ledger-access.ts'
import { count } from './render/text.ts'
import { renderVerified } from './render/verified.ts'

export interface VerifyOptions extends LedgerOptions {
  readonly files?: boolean
  readonly decisions?: boolean
  readonly root?: string
  readonly key?: string
  readonly policy?: string
  readonly since?: string
  readonly json?: boolean
}

/** Returns the exit code. `run`: as it was named; undefined for all. */
export async function printVerified(context: Context, run: string | undefined, options: VerifyOptions): Promise<0 | 1> {
  mustFit(options)
  const { result, sight } = await withReader(context, options, async (reader, remembered) => {
    const result = await verify(context, { reader, remembered }, run, options)
    // What doesn't hold is remembered by nobody.
    return { result, sight: result.ledger.ok ? await seen(context, reader, remembered) : null }
  })
  const { terminal } = context
  if (options.json === true) terminal.answerJson(result)
  else terminal.answer(renderVerified(result, sight, terminal.columns, terminal.paint))
  return result.ok ? 0 : 1
}

/** @throws CustodyError CUSTODY_ARGUMENT. */
function mustFit({ files, root }: VerifyOptions): void {
  if (root !== undefined && files !== true)
    throw new CustodyError('CUSTODY_ARGUMENT', '--root says where output files are, and nothing asks for them', {
      hint: 'Give --files, too.',
    })
}

async function verify(
  context: Context,
  { reader, remembered }: { readonly reader: LedgerReader; readonly remembered: Remembered | null },
  name: string | undefined,
  options: VerifyOptions,
): Promise<VerifyResult> {
  const { terminal, cwd, env } = context
  const keys = trustedKeys(options.key === undefined ? null : resolve(cwd, options.key), env)
  const result = await verifyNamed(reader, name, {
    keys,
    policy: options.policy === undefined ? usersPolicy(env) : readPolicy(resolve(cwd, options.policy)),
    decisions: options.decisions === true,
    remembered,
    since: options.since === undefined ? null : keptCheckpoint(resolve(cwd, options.since)),
    onProgress: ({ entries, of }) => terminal.live(`  verifying  ${count(entries)} of ${count(of)} entries`),
  })
  terminal.clearLive()
  if (options.files !== true) return result
  return withFiles(reader, result, options.root === undefined ? undefined : resolve(cwd, options.root))
}

/** The result with more checks for each run: of its inputs, if it read files, and of its outputs. */
async function withFiles(reader: LedgerReader, result: VerifyResult, root: string | undefined): Promise<VerifyResult> {
  const ids = result.runs.map(({ run }) => run)
  const inputs = await compareInputs(reader, ids, { root })
  const outputs = await verifyFiles(reader, ids, { root })
  const runs = result.runs.map((each): VerifiedRun => {
    const more = [inputs.get(each.run), outputs.get(each.run)].flatMap(check => check ?? [])
    return { ...each, ok: each.ok && more.every(({ ok }) => ok), checks: [...each.checks, ...more] }
  })
  return { ...result, ok: result.ok && runs.every(each => each.ok), runs }
}
