/** `custody verify [RUN]`: whether the record holds. */

import { resolve } from 'node:path'
import { Command } from 'commander'
import { rememberedOf } from '../../host/ledger.ts'
import { verifyOnAllCores } from '../../host/verify.ts'
import { trustedKeys } from '../../ledger/known-ledgers.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { CustodyError } from '../../model/error.ts'
import { findRun } from '../../read/runs/list.ts'
import { verifyFiles } from '../../read/verify/files.ts'
import type { VerifiedRun, VerifyResult } from '../../read/verify/verify.ts'
import type { Context } from '../context.ts'
import { type LedgerOptions, reading, withLedgerOption } from '../ledger-access.ts'
import { count } from '../render/text.ts'
import { renderVerified } from '../render/verified.ts'

interface VerifyCommandOptions extends LedgerOptions {
  readonly files?: boolean
  readonly decisions?: boolean
  readonly root?: string
  readonly key?: string
  readonly json?: boolean
}

export function verifyCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('verify'))
    .summary('check that the record holds')
    .description(
      'Recomputes everything from the stored bytes: entries, trees, signatures, values, endings, totals, views. Names what is wrong.',
    )
    .argument('[run]', 'a run: its id, a unique beginning of one, or latest (default: all)')
    .option('--files', 'compare the output files on disk, too')
    .option('--root <dir>', 'with --files: the pipeline’s folder is now here, and its outputs with it')
    .option('--decisions', 'evaluate the expressions of gates again on what entered them')
    .option('--key <file>', 'trust the verifier keys in this file, besides your own')
    .option('--json', 'print the result as JSON')
    .action(async (run: string | undefined, options: VerifyCommandOptions) => {
      mustFit(options)
      const result = await reading(context, options, reader => verify(context, reader, run, options), true)
      const { terminal } = context
      if (options.json === true) terminal.answerJson(result)
      else terminal.answer(renderVerified(result, terminal.columns, terminal.paint))
      done(result.ok ? 0 : 1)
    })
}

/** @throws CustodyError CUSTODY_ARGUMENT. */
function mustFit({ files, root }: VerifyCommandOptions): void {
  if (root !== undefined && files !== true)
    throw new CustodyError('CUSTODY_ARGUMENT', '--root says where output files are, and nothing asks for them', {
      hint: 'Give --files, too.',
    })
}

async function verify(
  context: Context,
  reader: LedgerReader,
  name: string | undefined,
  options: VerifyCommandOptions,
): Promise<VerifyResult> {
  const { terminal, cwd, env } = context
  const keys = trustedKeys(options.key === undefined ? null : resolve(cwd, options.key), env)
  const run = name === undefined ? undefined : (await findRun(reader, name)).run
  const result = await verifyOnAllCores(reader, {
    run,
    keys,
    decisions: options.decisions === true,
    remembered: await rememberedOf(reader, env),
    onProgress: ({ entries, of }) => terminal.live(`  verifying  ${count(entries)} of ${count(of)} entries`),
  })
  terminal.clearLive()
  if (options.files !== true) return result
  return withFiles(reader, result, options.root === undefined ? undefined : resolve(cwd, options.root))
}

/** The result with one check more for each run. */
async function withFiles(reader: LedgerReader, result: VerifyResult, root: string | undefined): Promise<VerifyResult> {
  const files = await verifyFiles(
    reader,
    result.runs.map(({ run }) => run),
    { root },
  )
  const runs = result.runs.map((each): VerifiedRun => {
    const check = files.get(each.run)
    return check === undefined ? each : { ...each, ok: each.ok && check.ok, checks: [...each.checks, check] }
  })
  return { ...result, ok: result.ok && runs.every(each => each.ok), runs }
}
