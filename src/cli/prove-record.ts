/** Writes a completeness record. */
import { createWriteStream, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { checkedRun, unsoundness } from '../host/checked-run.ts'
import { ledgerUrl, rememberedOf } from '../host/ledger.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { CustodyError } from '../model/error.ts'
import { makeFolders } from '../model/folder.ts'
import { CheckedReader } from '../read/evidence/checked-reader.ts'
import type { Disclosure } from '../read/prove/disclosure.ts'
import type { WhichHead } from '../read/prove/logged.ts'
import { recordOf } from '../read/prove/record.ts'
import { checkLine, runNamed, unsoundText } from './checked.ts'
import type { Context } from './context.ts'
import { type LedgerOptions, reading } from './ledger-access.ts'
import { headText } from './render/evidence-head.ts'
import { count, counted, nearPath, printable } from './render/text.ts'
import { refuseExisting } from './write-text.ts'

/** Commitments are most of a record, and no level packs those: this one takes half the time of the default, and 5 % more room. */
const LEVEL = 3
/** Packing is done by another thread, while the next pieces are read: so much may wait for it. */
const PACKING = { level: LEVEL, chunkSize: 256 * 1024, writableHighWaterMark: 2 * 1024 * 1024 }

export interface RecordOptions extends LedgerOptions {
  readonly out?: string
  readonly force?: boolean
  readonly disclose?: readonly string[]
  readonly latestHead?: boolean
}

/** Returns the exit code. `run`: as it was named; absent for the ledger's own log. */
export async function writeRecord(context: Context, run: string | undefined, options: RecordOptions): Promise<0 | 1> {
  const { disclose = [], force, latestHead } = options
  // Of the ledger's own log all is wanted.
  const which = run === undefined || latestHead === true ? 'latest' : 'last_witnessed'
  const out = options.out === undefined ? null : resolve(context.cwd, options.out)
  if (out !== null) (await import('./out-file.ts')).refuseOwnFile(context, out, ledgerUrl(context, options))
  if (out !== null && force !== true) refuseExisting(out)
  const disclosures = disclose.map(disclosureIn)
  return reading(context, options, reader =>
    record(context, reader, run ?? null, out, { disclose: disclosures, which }),
  )
}

/** @throws CustodyError CUSTODY_ARGUMENT */
function disclosureIn(text: string): Disclosure {
  if (text === 'plan') return { of: 'plan' }
  const [, of, name = ''] = /^(source|output|options):(.+)$/.exec(text) ?? []
  if (of === 'source' || of === 'output' || of === 'options') return { of, name }
  throw new CustodyError('CUSTODY_ARGUMENT', `--disclose ${text} names nothing that can be disclosed`, {
    hint: 'It is plan, source:NAME, output:NAME or options:NAME.',
  })
}

async function record(
  context: Context,
  inner: LedgerReader,
  name: string | null,
  out: string | null,
  { disclose, which }: { readonly disclose: readonly Disclosure[]; readonly which: WhichHead },
): Promise<0 | 1> {
  const { terminal, cwd, env } = context
  try {
    const run = name === null ? null : await checkedRun(env, inner, name, checkLine(terminal))
    if (out !== null && run !== null) await (await import('./out-file.ts')).refuseFileOfRun(run.reader, run.log, out)
    const reader = run?.checked ?? new CheckedReader(inner, { remembered: await rememberedOf(inner, env) })
    const made = await recordOf(reader, inner, run, disclose, which)
    await write(context, made.pieces, out)
    const where = out === null ? 'the record' : printable(nearPath(out, cwd))
    terminal.report(
      [
        `${where} has ${counted(made.entries, 'entry', 'entries')}, and ${made.values === 0 ? 'no value' : `${count(made.values)} of the run’s own values`}`,
        ...(run === null
          ? []
          : [
              '  It tells routes, codes, times and costs of each row, by its number: keep it from those whom these don’t concern.',
            ]),
        ...headText(made.head, context.command),
        `Whoever gets it can check it with \`${context.command} check\`, and your verifier key, which they must have from somewhere else: \`${context.command} key show\``,
      ].join('\n'),
    )
    return 0
  } catch (error) {
    const problems = unsoundness(error)
    if (problems === null) throw error
    const what = name === null ? 'The ledger’s own log' : `R${runNamed(name).slice(1)}`
    terminal.report(unsoundText(context, what, name, problems))
    return 1
  }
}

/** The file is there when all of it is. @throws CustodyError CUSTODY_OUTPUT, CUSTODY_ARGUMENT */
async function write({ host }: Context, pieces: AsyncIterable<string>, out: string | null): Promise<void> {
  const { stdout } = process
  if (out === null) {
    if (host.stdout !== stdout || stdout.isTTY === true)
      throw new CustodyError('CUSTODY_ARGUMENT', 'a record is no text for a terminal', {
        hint: 'Name a file with --out, or pipe it to something.',
      })
    try {
      return await pipeline(Readable.from(pieces), createGzip(PACKING), stdout, { end: false })
    } catch (error) {
      // Whoever reads it has had enough.
      if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return
      throw error
    }
  }
  const temporary = join(dirname(out), `.${basename(out)}.${process.pid}.part`)
  try {
    makeFolders(dirname(out))
    await pipeline(Readable.from(pieces), createGzip(PACKING), createWriteStream(temporary))
    renameSync(temporary, out)
  } catch (error) {
    rmSync(temporary, { force: true })
    if (error instanceof CustodyError || unsoundness(error) !== null) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new CustodyError('CUSTODY_OUTPUT', `${out} can’t be written: ${why}`, { cause: error })
  }
}
