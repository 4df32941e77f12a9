/** The messages between the thread that coordinates a run and those that work on its splits, as data. */
import type { MessagePort } from 'node:worker_threads'
import type { Notice } from '../../engine/nodes/source/source-reader.ts'
import type { SplitsProgress } from '../../engine/ports/workers.ts'
import type { SplitRequest } from '../../engine/split/split-session.ts'
import type { LedgerKey } from '../../ledger/encryption/ledger-key.ts'
import type { Environment } from '../../ledger/keys/config-folder.ts'
import type { Failure } from '../../ledger/thread/messages.ts'

/** What such a thread is started with. */
export interface SplitThreadInput extends SplitWork {
  /** Another thread stores its commits, which takes them through this; null: it does so itself. */
  readonly commits: MessagePort | null
}

/** What all threads of a run work on. */
export interface SplitWork extends Pick<SplitRequest, 'run' | 'opening' | 'files' | 'abandon' | 'strict'> {
  /** URL of the ledger; may have a password. */
  readonly url: string
  readonly env: Environment
  /** Absolute. */
  readonly cwd: string
  /** Version of Custody, for the record. */
  readonly custody: string
  /** The plan's text, its file as an absolute path, the arguments of `--set`, and the hash that it must have. */
  readonly plan: {
    readonly text: string
    readonly file: string
    readonly sets: readonly string[]
    readonly hash: string
  }
  /** What values are encrypted with; null: they aren't. */
  readonly encryption: LedgerKey | null
  readonly staging: string | null
  readonly sends: SplitRequest['known']['sends']
  /** Names that fields have in the input, where they have others. */
  readonly original_names: { readonly [field: string]: string }
}

/** What it is to do. */
export type Order =
  /** `cuts`: what this split reads. */
  | { readonly kind: 'work'; readonly part: number; readonly cuts: SplitRequest['cuts'] }
  /** Stops safely what is under way. */
  | { readonly kind: 'stop' }
  /** Nothing follows. */
  | { readonly kind: 'end' }

/** What it says. */
export type Said =
  /** Of the split that it works on. */
  | { readonly kind: 'progress'; readonly progress: SplitsProgress }
  | { readonly kind: 'notice'; readonly notice: Notice }
  /** A plugin still did something when it shouldn't; a sentence without its end. */
  | { readonly kind: 'late'; readonly what: string }
  | { readonly kind: 'worked'; readonly worked: Worked }
  | { readonly kind: 'ended' }

export type Worked =
  | { readonly kind: 'closed'; readonly progress: SplitsProgress }
  /** `failure` null: it was stopped. */
  | { readonly kind: 'stopped'; readonly failure: Failure | null }
  /** It couldn't be taken up. */
  | { readonly kind: 'refused'; readonly failure: Failure }
