/**
 * The story of one row (or of one batch): what `explain` finds in the ledger, as data. The text for people and the JSON
 * are both made from it.
 */
import type { CALL_STATUSES, Together } from '../../format/entry.ts'
import type { FileRead } from '../../format/files-read.ts'
import type { NodeKind } from '../../format/topology.ts'
import type { ValueNumber } from '../../model/ids.ts'
import type { OutcomeClass } from '../../model/outcome.ts'
import type { Json, Row } from '../../model/row.ts'
import type { Partner } from './partners.ts'

/** A value of the ledger: there, or not: then only its commitment is known. */
export type Known<T> = { readonly kind: 'known'; readonly value: T } | Absent

/**
 * Erased from the ledger; unreadable: encrypted with a key that isn't at hand; withheld by whoever made the proof that is read, or passed it on; or altered: the proof shows something in its place
 * that isn't what was recorded.
 */
export interface Absent {
  readonly kind: 'erased' | 'unreadable' | 'withheld' | 'altered'
}

/** Fields that a visit wrote and removed. */
export interface Change {
  readonly set: Row
  readonly unset: readonly string[]
}

/** What expressions saw. */
export interface Seen {
  /** By path (`amount`, `address.city`): the fields that were read; a missing field is left out. */
  readonly values: { readonly [path: string]: Json }
  /** Paths among these whose texts are decimals, where that is on record; absent if there are none. */
  readonly decimals?: readonly string[]
  /** `run.started_at`, ISO 8601; absent where they don't name it, or it is on record in another ledger. */
  readonly started_at?: string
}

/** What was evaluated, what it saw, and what it gave. */
export interface Decision extends Seen {
  /** As in the pipeline file; of cases the one that held, or `else`. */
  readonly expression: string
  /** The way that was taken; null if it gave none. */
  readonly label: string | null
  /** Of cases: those that were tried and didn't hold, in order. */
  readonly tried: ReadonlyArray<{ readonly label: string; readonly expression: string }>
}

/** An expression among the options of a plugin, with what it saw. */
export interface Evaluation extends Seen {
  /** Path of the option. */
  readonly for: string
  readonly expression: string
}

/** One request to a service, and its outcome. */
export interface CallStory {
  readonly call: number
  readonly service: string
  readonly status: (typeof CALL_STATUSES)[number]
  /** Its place among the calls of its visit, from 1. */
  readonly ordinal: number
  readonly request: Known<Json>
  /** Of an error `{code, message, retryable}`. */
  readonly response: Known<Json>
  readonly request_hash: string | null
  readonly response_hash: string | null
  /** Numbers of values, here and below: within their subject, 0 where there is none. */
  readonly request_value: ValueNumber
  readonly response_value: ValueNumber
  /** Of language models. */
  readonly input_tokens: number
  readonly output_tokens: number
  readonly cost_usd: number
  readonly started_us: number
  readonly duration_us: number
  /** The rows of a request that was sent with several. */
  readonly together: Together | null
}

/** The visit of one token at one node, one attempt. */
export interface VisitStory {
  readonly node: string
  readonly kind: NodeKind
  readonly plugin: string | null
  readonly attempt: number
  readonly status: 'ok' | 'error' | 'held'
  /** Commitments as lower-case hex; null where there is no value. */
  readonly input_hash: string | null
  readonly output_hash: string | null
  readonly input_value: ValueNumber
  readonly output_value: ValueNumber
  readonly error_value: ValueNumber
  /** As the token entered (of a source: what it read); null where there was nothing. */
  readonly data: Known<Json> | null
  /** null where nothing changed, nothing left, or it isn't there. */
  readonly changed: Change | null
  /** Why what left can't be seen; null if it can, or nothing left. */
  readonly absent_output: Absent['kind'] | null
  /** At a sort, or an aggregate with a batch for each key: the key of the data, by field; null elsewhere. */
  readonly key: Known<Json> | null
  /** At a sort: its place among those that came, and among those that it passed on, each from 1; null elsewhere. */
  readonly sorted: { readonly came: number; readonly passed: number | null } | null
  readonly decision: Decision | null
  readonly evaluations: readonly Evaluation[]
  /** Files that the node reads beside its rows, as they were when the run began. */
  readonly reads: readonly FileRead[]
  /** In the order in which they came back. */
  readonly calls: readonly CallStory[]
  /** `details` is null where there are none; message and details may be erased. */
  readonly error: { readonly code: string; readonly message: Known<string>; readonly details: Json } | null
  /** The edge by which it left; null if it ended or stayed. `to` is `discard` or a node's name. */
  readonly left: { readonly label: string; readonly to: string } | null
  /** Of a source or sink with a file. */
  readonly path: string | null
  readonly started_us: number
  /** On the run's clock. */
  readonly duration_us: number
  /** How long that stood still meanwhile: the run was down, or its machine slept. */
  readonly stood_us: number
}

/** The answer of a service by which a record came. */
export interface SourcePage {
  /** Which it is of those that the source was given, from 1. */
  readonly page: number
  /** Number of the call within its run. */
  readonly call: number
  readonly service: string
  /** What was asked; null if that is no URL, or erased. */
  readonly url: string | null
}

export interface TokenEnding {
  readonly outcome: string
  readonly cause: string
  readonly class: OutcomeClass
  /** "written to a sink". */
  readonly words: string
  readonly node: string
  readonly sink: string | null
  readonly group: number | null
  readonly error: { readonly code: string; readonly message: Known<string> } | null
  readonly error_value: ValueNumber
  readonly recorded_us: number
}

/** Of a union merge: which branch wrote what. */
export interface MergeDetail {
  readonly origins: { readonly [field: string]: string }
  /** By field: values that lost against another branch's. */
  readonly overruled: { readonly [field: string]: ReadonlyArray<{ readonly branch: string; readonly value: Json }> }
}

export interface TokenStory {
  readonly token: number
  readonly parents: readonly number[]
  /** The branch of the fork it was born of. */
  readonly branch: string | null
  /** The group it was born of; null for the first token of a row. */
  readonly born_of: {
    readonly group: number
    readonly kind: string
    readonly node: string
    readonly ordinal: number
  } | null
  /** Of what a join made: the right token that it was made of, and the row or batch of that; null for others. */
  readonly right: Partner | null
  /** Of a right token that a join consumed: the left one with which it was joined first; null for others. */
  readonly joined_first: Partner | null
  /** Of a child of one parent, or of a left one: in what its data differs from the parent's; null where it doesn't, or it is erased. */
  readonly born_as: Change | null
  /** Of a token born of a union merge; null for others, or if it is erased. */
  readonly merge: MergeDetail | null
  readonly merge_value: ValueNumber
  /** As it was born. */
  readonly birth_value: ValueNumber
  readonly visits: readonly VisitStory[]
  /** null while it is open. */
  readonly ending: TokenEnding | null
  /** While it is open: where it stands, and whether a node holds it there. */
  readonly waits: { readonly node: string; readonly held: boolean } | null
}

export interface Story {
  readonly run: string
  /** Name of the pipeline. */
  readonly name: string
  readonly subject:
    | {
        readonly kind: 'row'
        readonly row: number
        readonly source: string
        /** Number of the record in its source, from 1. */
        readonly index: number
        /** 0 where the source has no lines. */
        readonly line: number
        /** As in the pipeline file, of several files that of the row's; null where the source reads no file, or its name is erased. */
        readonly path: string | null
        /** Of a source that asks a service; null where it isn't on record, absent of all others. */
        readonly page?: SourcePage | null
      }
    | {
        readonly kind: 'batch'
        readonly batch: number
        /** The aggregate that made it. */
        readonly node: string
        /** What its members have in common, by field; null if its aggregate has no keys. */
        readonly key: Known<Json> | null
        /** What closed it; null while it is open. */
        readonly trigger: string | null
        /** Members in order of arrival; empty while it is open. */
        readonly members: readonly number[]
        /** Made for the batch as a whole. */
        readonly calls: readonly CallStory[]
      }
  /** In order of birth. */
  readonly tokens: readonly TokenStory[]
  /** Batches that consumed tokens of this story, and left rows with which they were joined: how it continues. */
  readonly onward: readonly Story[]
  /** Number of batches and left rows that aren't shown, and a token of the first by which it can be asked for; null if none is left out. */
  readonly left_out: { readonly batches: number; readonly token: number | null } | null
  /** Numbers of the subject's entries in the run's log, from 0; ids where it has splits. */
  readonly entries: readonly number[]
  /** The latest signed head of the run's log; of a split of a sealed run the tree with which it was closed. */
  readonly head: { readonly size: number; readonly root: string; readonly signed_by: string | null } | null
  /** Status of a sealed run; null while it isn't sealed. */
  readonly sealed: string | null
}
