/**
 * What whoever browses has before them: screens, each opened from the one below it. Data only; step.ts says what changes it.
 */
import type { Verified } from '../../api/evidence.ts'
import type { RowFilter } from '../../api/rows.ts'
import type { Asked, Progress } from '../../host/answers/asked.ts'
import type { CustodyError } from '../../model/error.ts'

/** Cursors of the pages that were turned, the first one's among them. */
export type Trail = readonly (string | null)[]

type Sound<T> = Exclude<T, { readonly holds: false }>
/** Which record a screen is about, by kind. */
interface Places {
  readonly runs: { readonly trail: Trail }
  readonly run: { readonly run: string }
  readonly rows: { readonly run: string; readonly filter: RowFilter; readonly trail: Trail }
  readonly story: { readonly run: string; readonly row: number }
  readonly verify: { readonly run: string }
}
/** What is shown there. */
interface Answers {
  readonly runs: Asked['runs']['answer']
  readonly run: Sound<Asked['run']['answer']>
  readonly rows: Sound<Asked['rows']['answer']>
  readonly story: Sound<Asked['story']['answer']>
  readonly verify: Verified
}
export type ScreenKind = keyof Places
export type AnyAnswer = Answers[ScreenKind]

export type Content<A> =
  | { readonly kind: 'asking'; readonly progress: Progress | null }
  | { readonly kind: 'there'; readonly answer: A }
  /** In the place of data: why the record doesn't hold. */
  | { readonly kind: 'unsound'; readonly problems: readonly string[] }
  | { readonly kind: 'failed'; readonly error: CustodyError }

export interface ScreenOf<K extends ScreenKind> {
  readonly kind: K
  readonly place: Places[K]
  readonly content: Content<Answers[K]>
  /** Number of the question whose answer is awaited; null: of none. */
  readonly asked: number | null
  /** Of what can be opened the one that is chosen; of a text the line that is shown first. From 0. */
  readonly at: number
}
export type Screen = { readonly [K in ScreenKind]: ScreenOf<K> }[ScreenKind]

/** A screen to be opened. */
export type Target = { readonly [K in ScreenKind]: { readonly kind: K; readonly place: Places[K] } }[ScreenKind]

/** A line that is being typed. */
export interface Prompt {
  readonly text: string
  readonly problem: string | null
}

export interface Note {
  readonly text: string
  readonly tone: 'good' | 'bad' | 'plain'
}

export interface State {
  readonly top: Screen
  /** The one below the top is the last. */
  readonly under: readonly Screen[]
  readonly prompt: Prompt | null
  readonly note: Note | null
  readonly help: boolean
  /** Number of the next question. */
  readonly next: number
  readonly over: boolean
}

/** What is to be done for a new state. */
export type Effect =
  | { readonly kind: 'ask'; readonly id: number; readonly target: Target }
  | { readonly kind: 'give up'; readonly id: number }
  | { readonly kind: 'prove'; readonly run: string; readonly row: number }

export interface Changed {
  readonly state: State
  readonly effects: readonly Effect[]
}
