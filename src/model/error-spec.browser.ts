/** error-spec.ts where there is no Node: in a browser. Most hints name commands and options, which it doesn't have. */
import type { ERRORS } from './error-codes.ts'

export type ErrorCode = keyof typeof ERRORS

export function specOf(_code: ErrorCode): { readonly hint: string | undefined; readonly final: boolean } {
  return { hint: undefined, final: false }
}
