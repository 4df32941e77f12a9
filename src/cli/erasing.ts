/** What `erase` and `purge` have in common: the certificate's file, and what is said where others are in the way. */
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, resolve, sep } from 'node:path'
import { isErasure } from '../format/erasure.ts'
import type { ErasePorts } from '../host/erase.ts'
import { ledgerUrl } from '../host/ledger.ts'
import { CustodyError } from '../model/error.ts'
import { ERRORS } from '../model/error-codes.ts'
import { formatTime } from '../model/time.ts'
import type { Certified } from '../read/erase/certificate.ts'
import type { Context } from './context.ts'
import { evidenceFile } from './evidence-file.ts'
import type { LedgerOptions } from './ledger-access.ts'
import { refuseOwnFile } from './out-file.ts'
import { nearPath, shortRun } from './render/text.ts'
import { writeText } from './write-text.ts'

/** For how long those are waited for who use the ledger. */
const WAIT_MS = 5_000

export function erasePorts({ env, terminal }: Context): ErasePorts {
  return {
    env,
    onForgetful: why => terminal.report(`warning: ${why}`),
    wait_ms: WAIT_MS,
    atPoint: () => undefined,
  }
}

/** As much of a file as says whether it is a certificate. */
const HEAD_BYTES = 64

/**
 * Refuses a place where the certificate can't be, or would take the place of something else: before anything is
 * erased, as that can't be undone.
 * @throws CustodyError CUSTODY_TARGET_EXISTS, CUSTODY_OUTPUT.
 */
export function refuseCertificatePlace(context: Context, options: LedgerOptions & { readonly out?: string }): void {
  const { out } = options
  const path = resolve(context.cwd, out ?? 'certificate.json')
  refuseOwnFile(context, path, ledgerUrl(context, options))
  const stat = out === undefined ? undefined : statSync(path, { throwIfNoEntry: false })
  if (stat?.isDirectory() || (stat?.isFile() && !isErasure(evidenceFile(path).at(0, HEAD_BYTES).toString('latin1'))))
    throw new CustodyError(
      'CUSTODY_TARGET_EXISTS',
      `${path} exists already, and is no certificate of an erasure; nothing was erased`,
      { hint: 'Name another file for the certificate with --out.' },
    )
  let place = stat === undefined ? dirname(path) : path
  while (!existsSync(place)) place = dirname(place)
  try {
    // With the separator a file isn't taken for a folder.
    accessSync(stat === undefined ? `${place}${sep}` : place, constants.W_OK)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CustodyError('CUSTODY_OUTPUT', `${path} can’t be written: ${why}; nothing was erased`, {
      hint: 'Name another place for the certificate with --out.',
      cause,
    })
  }
}

/** Writes the certificate. Gives its path. @throws CustodyError CUSTODY_OUTPUT. */
export function writeCertificate(
  { cwd, command }: Context,
  { text, erasures }: Certified,
  what: 'erasure' | 'purge',
  out: string | undefined,
): string {
  const [last] = erasures.slice(-1)
  const run = what === 'purge' ? '' : `${shortRun(last?.entry.run ?? '')}-`
  const path = resolve(cwd, out ?? `${what}-${run}${last?.seq ?? 0}.json`)
  try {
    writeText(path, text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CustodyError('CUSTODY_OUTPUT', `the values are erased, but ${why}`, {
      hint: `\`${command} erase RUN\` writes the certificate of what was erased of a run before.`,
      cause,
    })
  }
  return path
}

/** Where it is, and what it says. */
export function certificateText({ cwd }: Context, path: string, { erasures, signed_by }: Certified): string {
  const places = erasures.map(({ seq }) => seq).join(', ')
  const when = formatTime(erasures.at(-1)?.entry.t ?? 0)
  return `certificate  ${nearPath(path, cwd)}\n  on record since ${when}, ${erasures.length === 1 ? 'entry' : 'entries'} ${places} of log 0, signed by ${signed_by.join(' and ')}`
}

export function pendingError(why: string): { readonly code: string; readonly message: string; readonly hint: string } {
  const code = 'CUSTODY_ERASE_PENDING'
  return {
    code,
    message: `the values are erased, and the file still has bytes of them: ${why}`,
    hint: ERRORS[code].hint,
  }
}

export function reportPending({ terminal }: Context, why: string): void {
  const { code, message, hint } = pendingError(why)
  const paint = terminal.paint_stderr
  terminal.report(`${paint('yellow', 'pending')} ${code}: ${message}\n  hint: ${hint}`)
}
