/** The messages between whoever asks and the threads that answer, as data. */
import type { LedgerKey } from '../../ledger/encryption/ledger-key.ts'
import type { Environment } from '../../ledger/keys/config-folder.ts'
import type { Remembered } from '../../ledger/keys/trust.ts'
import type { Failure } from '../../ledger/thread/messages.ts'
import type { Asked, Kind, Piece, Progress, Streamed } from './asked.ts'

/** What a thread is started with. */
export interface AnswerThreadInput {
  readonly url: string
  readonly env: Environment
  /** What values are decrypted with. */
  readonly keys: readonly LedgerKey[]
  /** What the user knew of the ledger when whoever asks began to look at it. */
  readonly before: Remembered | null
  /** Folder of the index that rows are found by; null: none is used. */
  readonly index: string | null
}

/** A statement is read in a process of its own (sql.ts). */
type InThread = Exclude<Kind, 'sql'>

export type AnyQuestion =
  | { readonly [K in InThread]: { readonly kind: K; readonly params: Asked[K]['params'] } }[InThread]
  | { readonly [K in keyof Streamed]: { readonly kind: K; readonly params: Streamed[K] } }[keyof Streamed]

/** One at a time. */
export interface Request {
  readonly question: AnyQuestion
  /** Whether values may be in the answer. */
  readonly values: boolean
  /** The state of the record that whoever asks has an answer for. */
  readonly known: string | null
}

export type ToThread =
  | { readonly kind: 'ask'; readonly request: Request }
  /** The piece was taken: the next one may come. */
  | { readonly kind: 'more' }

export type FromThread =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'piece'; readonly piece: Piece }
  /** `state`: of the record that it was made from, where that is over; null: it may be another one next time. */
  | { readonly kind: 'answer'; readonly answer: unknown; readonly state: string | null }
  /** The record is in the state that was known. */
  | { readonly kind: 'same' }
  | { readonly kind: 'failed'; readonly failure: Failure }
