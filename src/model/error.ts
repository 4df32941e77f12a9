/**
 * Errors that reach a person or a program. The code is the contract: callers match it, never the text or the class.
 * `docs/errors.md` is generated from `ERRORS`.
 */
import { type ErrorCode, specOf } from './error-spec.ts'

export type { ErrorCode } from './error-spec.ts'

/** Where a problem is: a file position, a node, a ledger entry, or any place a person can go to. */
export interface Place {
  readonly file?: string
  /** From 1. */
  readonly line?: number
  /** From 1, in UTF-16 units. */
  readonly column?: number
  readonly node?: string
  readonly path?: string
}

export interface ErrorDetails {
  readonly where?: Place | undefined
  readonly hint?: string | undefined
  readonly cause?: unknown
  /** See `CustodyError.final`; the code's own word if absent. */
  readonly final?: boolean
}

/** A problem that stops a command. `message` is one sentence without the code. */
export class CustodyError extends Error {
  override readonly name = 'CustodyError'
  readonly code: ErrorCode
  readonly where: Place | undefined
  readonly hint: string | undefined
  /** Whether a run that it stops would stop again if it were resumed: the cause is part of its plan, or on record. */
  readonly final: boolean
  /** What went wrong while this was dealt with. */
  readonly also: CustodyError[] = []

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.where = details.where
    this.hint = details.hint ?? specOf(code).hint
    this.final = details.final ?? specOf(code).final
  }
}

export function isCustodyError(error: unknown): error is CustodyError {
  return error instanceof CustodyError
}

/** A problem in a pipeline file; all of a file's are collected and reported at once. */
export interface Diagnostic {
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units. */
  readonly column: number
  /** Width of the marked text in UTF-16 units, at least 1; for the underline only. */
  readonly length?: number
  readonly severity: 'error' | 'warning'
  readonly code: ErrorCode
  readonly message: string
  readonly hint?: string
}
