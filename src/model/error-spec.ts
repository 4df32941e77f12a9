/** What the table of codes says of an error that doesn't say it itself. */
import { ERRORS } from './error-codes.ts'

export type ErrorCode = keyof typeof ERRORS

export function specOf(code: ErrorCode): { readonly hint: string | undefined; readonly final: boolean } {
  return ERRORS[code]
}
