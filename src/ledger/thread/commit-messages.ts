/** The messages between threads that write logs of splits and the one that stores what they write, as data. */
import type { MessagePort } from 'node:worker_threads'
import type { LedgerKey } from '../encryption/ledger-key.ts'
import type { Block } from '../write/block.ts'
import type { LogCommit } from '../write/log-commit.ts'
import type { Failure } from './messages.ts'

/** What the thread that stores is started with. */
export interface CommitThreadInput {
  /** Where it opens the ledger, which is a SQLite file. */
  readonly url: string
  /** What values are encrypted with; null: they aren't. */
  readonly encryption: LedgerKey | null
}

/** What it hears from the thread that started it. */
export interface NewPort {
  /** Somebody will ask through it. */
  readonly port: MessagePort
}

/** What it is asked through a port. */
export interface CommitQuestion {
  /** Of those asked through the port. */
  readonly number: number
  readonly commit: LogCommit
}

export interface CommitAnswer {
  readonly number: number
  readonly outcome: CommitOutcome
}

export type CommitOutcome =
  /** `block` comes back to be filled again. */
  | { readonly kind: 'durable'; readonly block: Block | null }
  /** `StaleLog`. */
  | { readonly kind: 'stale' }
  | { readonly kind: 'failed'; readonly failure: Failure }
