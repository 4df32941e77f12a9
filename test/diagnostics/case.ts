/** A bad file, and what has to be said about it: exactly that, in this order. */
import type { ErrorCode } from '../../src/model/error.ts'

export interface Expected {
  readonly code: ErrorCode
  readonly severity: 'error' | 'warning'
  /** A part of the message. */
  readonly says: string
  /** A part of the hint. */
  readonly hint: string
}

export interface BadFile {
  readonly name: string
  /** Changes to BASE, or a text of its own. «…» marks where the diagnostics of `expect` stand, in order. */
  readonly change?: ReadonlyArray<readonly [from: string, to: string]>
  readonly text?: string
  readonly set?: readonly string[]
  readonly expect: readonly Expected[]
}

const describe =
  (severity: Expected['severity']) =>
  (code: string, says = '', hint = ''): Expected => ({ code: `CUSTODY_${code}` as ErrorCode, severity, says, hint })

export const error = describe('error')
export const warning = describe('warning')
