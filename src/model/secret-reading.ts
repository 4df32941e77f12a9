/** What became of a secret that was to be read. */
import type { ErrorCode } from './error.ts'

export type SecretReading =
  | { readonly kind: 'value'; readonly value: string }
  /** Nobody asked for it: its name is all that is looked at. */
  | { readonly kind: 'unread' }
  | {
      readonly kind: 'problem'
      readonly code: ErrorCode
      /** Has neither the value nor anything that one signs in with. */
      readonly message: string
      readonly hint?: string | undefined
    }
