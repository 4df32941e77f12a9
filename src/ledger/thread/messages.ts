/** The messages between the two threads, as data. */
import type { KeyObject } from 'node:crypto'
import { CustodyError, type ErrorCode, isCustodyError, type Place } from '../../model/error.ts'
import type { LedgerKey } from '../encryption/ledger-key.ts'
import type { Lasting } from '../store.ts'
import type { AppenderState } from '../write/appender.ts'
import type { Block } from '../write/block.ts'
import type { Durable, LeaseChange } from '../write-port.ts'

/** What the other thread is started with. */
export interface ThreadInput {
  /** Where the thread opens it, and how people know it. */
  readonly url: string
  readonly shown: string
  readonly lasting: Lasting
  readonly key: { readonly name: string; readonly private_key: KeyObject }
  /** What values are encrypted with; null: they aren't. */
  readonly encryption: LedgerKey | null
  /** Of the ledger's clock, if its store has one. */
  readonly clock: SharedArrayBuffer | null
}

/** The log that a thread writes, as it was handed over. */
export interface HandedLog {
  /** The ledger's id. */
  readonly ledger: string
  readonly log: number
  readonly state: AppenderState
}

/** What it is to do without an answer. */
export type Notice =
  /** This log is written from now on. */
  | { readonly kind: 'log'; readonly log: HandedLog }
  /** A part of the next commit, which is large. */
  | { readonly kind: 'entries'; readonly block: Block }
  /** The parts that came since the last commit are forgotten. */
  | { readonly kind: 'drop' }

export type Question =
  /** `block` has the rest of the commit's entries. */
  | { readonly kind: 'commit'; readonly block: Block; readonly lease: LeaseChange }
  /** Nothing follows of this log. */
  | { readonly kind: 'end' }
  /** Nothing follows. */
  | { readonly kind: 'close' }

export type Answer =
  /** `block` comes back to be filled again. */
  | { readonly kind: 'durable'; readonly durable: Durable; readonly block: Block }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'ended'; readonly state: AppenderState }
  | { readonly kind: 'closed' }

/** An error: cloning one loses its code. */
export interface Failure {
  /** null for one that isn't a CustodyError. */
  readonly code: ErrorCode | null
  readonly message: string
  readonly where: Place | undefined
  readonly hint: string | undefined
  /** Causes keep only what people need. */
  readonly cause: Failure | null
  readonly stack: string | undefined
}

export function failureOf(thrown: unknown): Failure {
  const { message, stack, cause } = thrown instanceof Error ? thrown : new Error(String(thrown))
  const { code, where, hint } = isCustodyError(thrown) ? thrown : { code: null, where: undefined, hint: undefined }
  return { code, message, where, hint, cause: cause === undefined ? null : failureOf(cause), stack }
}

export function errorOf(failure: Failure): Error {
  const { code, message, where, hint, stack } = failure
  const cause = failure.cause === null ? undefined : errorOf(failure.cause)
  const error = code === null ? new Error(message, { cause }) : new CustodyError(code, message, { where, hint, cause })
  if (stack !== undefined) error.stack = stack
  return error
}
