/** What `erase` and `purge` have in common: the certificate's file, and what is said where others are in the way. */
import { resolve } from 'node:path'
import type { ErasePorts } from '../host/erase.ts'
import { ERRORS } from '../model/error-codes.ts'
import { formatTime } from '../model/time.ts'
import type { Certified } from '../read/erase/certificate.ts'
import type { Context } from './context.ts'
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

/** Writes the certificate. Gives its path. @throws CustodyError CUSTODY_OUTPUT. */
export function writeCertificate(
  { cwd }: Context,
  { text, erasures }: Certified,
  what: 'erasure' | 'purge',
  out: string | undefined,
): string {
  const [last] = erasures.slice(-1)
  const run = what === 'purge' ? '' : `${shortRun(last?.entry.run ?? '')}-`
  const path = resolve(cwd, out ?? `${what}-${run}${last?.seq ?? 0}.json`)
  writeText(path, text)
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
