/** The messages between a worker and its threads, as data. */
import type { ServiceState } from '../../engine/calls/service-state.ts'
import type { Notice } from '../../engine/nodes/source/source-reader.ts'
import type { LedgerKey } from '../../ledger/encryption/ledger-key.ts'
import type { Environment } from '../../ledger/keys/config-folder.ts'
import type { Failure } from '../../ledger/thread/messages.ts'

/** What such a thread is started with: it works on one run, since what it loads for it stays loaded. */
export interface RunWorkInput {
  readonly run: string
  /** What must lie in the folder of the run's pieces. */
  readonly token: string
  /** URL of the ledger; may have a password. */
  readonly url: string
  readonly env: Environment
  /** Absolute. */
  readonly cwd: string
  /** Version of Custody, for the record. */
  readonly custody: string
  /** Ledger keys that the worker has been given. */
  readonly keys: readonly LedgerKey[]
}

/** Stops safely what is under way, and takes nothing else. */
export type WorkOrder = 'stop'

/** What it says. */
export type WorkSaid =
  | { readonly kind: 'taken'; readonly part: number }
  /** `rows`: of the split as a whole, whoever has worked on it. */
  | { readonly kind: 'closed'; readonly part: number; readonly rows: number }
  /** `failure` null: it was stopped. */
  | { readonly kind: 'left'; readonly part: number; readonly failure: Failure | null }
  | { readonly kind: 'notice'; readonly notice: Notice }
  /** One keeps calls waiting, or is back. */
  | { readonly kind: 'service'; readonly state: ServiceState }
  /** A plugin still did something when it shouldn't; a sentence without its end. */
  | { readonly kind: 'late'; readonly what: string }
  | { readonly kind: 'ended'; readonly end: WorkEnd }

export type WorkEnd =
  /** No split is free. */
  | { readonly kind: 'idle' }
  /** The run isn't far enough yet, or its coordinator works alone. */
  | { readonly kind: 'not_yet' }
  /** This worker can't work on the run. */
  | { readonly kind: 'refused'; readonly failure: Failure }
