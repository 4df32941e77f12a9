/** An error that ended a command, as text or as JSON. */

import { isAbsolute } from 'node:path'
import { DiagnosticsError } from '../../host/diagnostics-error.ts'
import { CustodyError, type Diagnostic, type ErrorCode, isCustodyError, type Place } from '../../model/error.ts'
import { ERRORS } from '../../model/error-codes.ts'
import type { Paint } from '../terminal.ts'
import { nearPath, printable, printableLines } from './text.ts'

export interface ErrorJson {
  readonly error: {
    readonly code: ErrorCode
    readonly message: string
    readonly where?: Place
    readonly hint?: string
    /** All of them, if the problem is a pipeline file's; `error` is then the first. */
    readonly diagnostics?: readonly Diagnostic[]
  }
}

/** Any thrown thing as an error with a code; what isn't ours becomes CUSTODY_INTERNAL. */
export function asCustodyError(thrown: unknown): CustodyError {
  if (isCustodyError(thrown)) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new CustodyError('CUSTODY_INTERNAL', message === '' ? 'something failed without a word' : message, {
    cause: thrown,
  })
}

export function exitCodeOf(error: CustodyError): 1 | 2 | 3 {
  return ERRORS[error.code].exit
}

/** `error CODE: sentence`, the place as seen from `cwd`, the hint; the stack too if `debug`. */
export function renderError(error: CustodyError, paint: Paint, debug: boolean, cwd: string): string {
  const lines = [`${paint(['bold', 'red'], 'error')} ${paint('bold', error.code)}: ${printableLines(error.message)}`]
  const place = placeText(error.where, cwd)
  if (place !== null) lines.push(`  ${paint('cyan', 'at:')} ${place}`)
  if (error.hint !== undefined) lines.push(`  ${paint('cyan', 'hint:')} ${printableLines(error.hint)}`)
  if (debug) lines.push(paint('dim', stackOf(error)))
  return lines.join('\n')
}

export function errorJson(error: CustodyError): ErrorJson {
  return {
    error: {
      code: error.code,
      message: error.message,
      ...(error.where === undefined ? {} : { where: error.where }),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error instanceof DiagnosticsError ? { diagnostics: error.diagnostics } : {}),
    },
  }
}

/** `FILE:LINE:COLUMN, node NAME`; null where nothing is known of the place. */
export function placeText(where: Place | undefined, cwd: string): string | null {
  if (where === undefined) return null
  const parts = []
  const file = where.file ?? where.path
  if (file !== undefined) {
    const column = where.column === undefined ? '' : `:${where.column}`
    parts.push(
      printable(isAbsolute(file) ? nearPath(file, cwd) : file) +
        (where.line === undefined ? '' : `:${where.line}${column}`),
    )
  }
  if (where.node !== undefined) parts.push(`node ${printable(where.node)}`)
  return parts.length === 0 ? null : parts.join(', ')
}

function stackOf(error: Error): string {
  const own = error.stack ?? String(error)
  return error.cause instanceof Error ? `${own}\ncaused by: ${stackOf(error.cause)}` : own
}
