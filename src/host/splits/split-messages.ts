/** The messages between the thread that coordinates a run and those that work on its splits, as data. */
import type { MessagePort } from 'node:worker_threads'
import type { ServiceState } from '../../engine/calls/service-state.ts'
import type { Notice } from '../../engine/nodes/source/source-reader.ts'
import type { SpentBudget, SplitsProgress } from '../../engine/ports/workers.ts'
import type { OurSplitEnd } from '../../engine/split/our-split.ts'
import type { PermitAsked, PermitSaid } from '../../engine/split/permits.ts'
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
  /** What the split that it works on, or another one did, may ask and spend. */
  | { readonly kind: 'permit'; readonly part: number; readonly said: PermitTold }
  /** Stops safely what is under way. */
  | { readonly kind: 'stop' }
  /** Nothing follows. */
  | { readonly kind: 'end' }

/** What it says. */
export type Said =
  /** Of the split that it works on. */
  | { readonly kind: 'progress'; readonly progress: SplitsProgress }
  /** Of that split, too. */
  | { readonly kind: 'permit'; readonly part: number; readonly asked: PermitAsked }
  | { readonly kind: 'notice'; readonly notice: Notice }
  /** One keeps calls waiting, or is back. */
  | { readonly kind: 'service'; readonly state: ServiceState }
  /** A plugin still did something when it shouldn't; a sentence without its end. */
  | { readonly kind: 'late'; readonly what: string }
  | { readonly kind: 'worked'; readonly worked: Worked }
  | { readonly kind: 'ended' }

/** `failed` with what was thrown as data. */
export type PermitTold =
  | Exclude<PermitSaid, { kind: 'failed' }>
  | (Omit<Extract<PermitSaid, { kind: 'failed' }>, 'thrown'> & { readonly failure: Failure })

export type Worked =
  | Extract<OurSplitEnd, { kind: 'closed' }>
  /** `failure` null: it was stopped, or there is no money for what is left to do. */
  | { readonly kind: 'stopped'; readonly failure: Failure | null; readonly budget: SpentBudget | null }
  /** It couldn't be taken up. */
  | { readonly kind: 'refused'; readonly failure: Failure }
