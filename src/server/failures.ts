/** What went wrong, as an answer: the same code, sentence and hint as on the command line, and a status. */

import type { Failure } from '../api/common.ts'
import { DiagnosticsError } from '../host/diagnostics-error.ts'
import { TooManyError } from '../host/too-many.ts'
import { CustodyError, type ErrorCode, isCustodyError } from '../model/error.ts'

/** Statuses of codes that aren't the fault of whoever asks in general: 400 otherwise. */
const STATUSES: { readonly [code in ErrorCode]?: number } = {
  CUSTODY_NOT_SIGNED_IN: 401,
  CUSTODY_FORBIDDEN: 403,
  CUSTODY_VALUES_WITHHELD: 403,
  CUSTODY_PATH_UNKNOWN: 404,
  CUSTODY_RUN_UNKNOWN: 404,
  CUSTODY_ROW_UNKNOWN: 404,
  CUSTODY_FILE_NOT_FOUND: 404,
  CUSTODY_METHOD_UNKNOWN: 405,
  CUSTODY_RUN_AMBIGUOUS: 409,
  CUSTODY_RUN_HELD: 409,
  CUSTODY_RUN_NOT_BEGUN: 409,
  CUSTODY_RERUN_OPEN: 409,
  CUSTODY_PROOF_OPEN: 409,
  CUSTODY_EXPORT_OPEN: 409,
  CUSTODY_VERIFY_FAILED: 409,
  CUSTODY_REQUEST_SIZE: 413,
  CUSTODY_HOST: 421,
  CUSTODY_TOO_MANY: 429,
  CUSTODY_INTERNAL: 500,
  CUSTODY_ENGINE_DEFECT: 500,
  CUSTODY_ACCESS_LOG: 503,
  CUSTODY_LEDGER_NOT_FOUND: 503,
  CUSTODY_LEDGER_BUSY: 503,
  CUSTODY_LEDGER_READ: 503,
  CUSTODY_LEDGER_IN_DOUBT: 503,
  CUSTODY_LEDGER_FORMAT: 503,
  CUSTODY_LEDGER_FORKED: 503,
  CUSTODY_KEY: 503,
}

export interface Failed {
  readonly status: number
  readonly body: Failure
  /** Seconds after which another try makes sense. */
  readonly retry_after_s: number | null
}

export function notSignedIn(): CustodyError {
  return new CustodyError('CUSTODY_NOT_SIGNED_IN', 'you aren’t signed in, or no longer')
}

export function failedBy(thrown: unknown): Failed {
  const error = isCustodyError(thrown) ? thrown : isOutOfRoom(thrown) ? outOfRoom() : unforeseen(thrown)
  return {
    status: STATUSES[error.code] ?? 400,
    body: failureOf(error),
    retry_after_s: error instanceof TooManyError ? Math.ceil(error.wait_ms / 1000) : null,
  }
}

export function failureOf(error: CustodyError): Failure {
  const { code, message, hint } = error
  const where = placeText(error)
  return {
    error: {
      code,
      message: error instanceof DiagnosticsError ? diagnosticsText(error) : message,
      ...(where === null ? {} : { where }),
      ...(hint === undefined ? {} : { hint }),
    },
  }
}

const NO_ROOM: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM'])
const TRY_AGAIN_MS = 2_000

/** The machine gives this process no more files, processes or memory: it does again when others are done. */
export function isOutOfRoom(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && NO_ROOM.has(thrown.code)
}

function outOfRoom(): CustodyError {
  return new TooManyError('the server has as much open as its machine gives it', TRY_AGAIN_MS)
}

/** Nothing of it but that it happened: it may name whatever this process knows. The log of the server has it whole. */
function unforeseen(cause: unknown): CustodyError {
  return new CustodyError('CUSTODY_INTERNAL', 'something went wrong that the server didn’t expect', {
    cause,
    hint: 'The log of the server has more: it is what `custody serve` writes to standard error.',
  })
}

function placeText({ where }: CustodyError): string | null {
  if (where === undefined) return null
  const { file, path, line, column, node } = where
  const position = [file ?? path, line, column].filter(each => each !== undefined).join(':')
  const parts = [...(position === '' ? [] : [position]), ...(node === undefined ? [] : [`node ${node}`])]
  return parts.length === 0 ? null : parts.join(', ')
}

function diagnosticsText({ diagnostics }: DiagnosticsError): string {
  const errors = diagnostics.filter(each => each.severity === 'error')
  return errors.map(({ line, column, code, message }) => `${line}:${column}: ${code}: ${message}`).join('\n')
}
