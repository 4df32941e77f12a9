/**
 * A pipeline as the simulation sees it: enough to build a plan for the engine, and to be interpreted naively.
 * Rows are `{id, n, half, about, …}`, with fields in no order of their own; every operation is a function of `n`, so that both sides agree without sharing code.
 */
import type { Json } from '../../src/model/row.ts'

/** A node or sink, of a join with its side: `node3.left`. */
export type Target = string | 'discard'

/** Calculations with the amount of a row. */
export type Calculation = 'add' | 'triple' | 'tax' | 'third' | 'quarter' | 'cents' | 'negate' | 'less_n' | 'compare'

/** A row's amount becomes what is calculated, or one of so many digits behind the point; what has no place there is an error. */
export type DecimalOperation =
  | { readonly op: 'calculate'; readonly does: Calculation }
  | { readonly op: 'coerce'; readonly scale: number }

export type Operation =
  | DecimalOperation
  | { readonly op: 'same' }
  | { readonly op: 'add'; readonly by: number }
  /** Writes field `name`. */
  | { readonly op: 'set'; readonly name: string; readonly by: number }
  | { readonly op: 'drop'; readonly name: string }
  /** The same fields in reverse order; `deep`: to any depth. */
  | { readonly op: 'turn'; readonly deep: boolean }
  /** `n mod size` rows; none counts as filtered. */
  | { readonly op: 'expand'; readonly size: number }
  | { readonly op: 'filter'; readonly mod: number }
  | { readonly op: 'fail'; readonly mod: number }
  /** Fails `n mod times` attempts, then adds 1. */
  | { readonly op: 'flaky'; readonly times: number }
  /**
   * Takes rows in order, and writes its number of each into field `place`; or lets the first ones pass, as many as `size`; or fails for,
   * or makes so many rows of, each by its number's rest.
   */
  | { readonly op: 'count'; readonly does: 'number' | 'limit' | 'fail' | 'expand'; readonly size: number }

/** What a visit asks a service, before it does anything else. The sum of the answers is added to `n` for what it does then. */
export interface Asks {
  readonly service: string
  /** How many requests a visit makes. */
  readonly requests: number
  /** One after the other up to the first error, all at once, or all at once and done with the first error of any. */
  readonly manner: 'in_turn' | 'together' | 'hasty'
  /** Of the visit. */
  readonly attempts: number
}
/** What is agreed with the services, and for all of them together. */
export interface Limits {
  readonly services: {
    readonly [service: string]: {
      readonly concurrency?: number
      readonly per_minute?: number
      readonly give_up_after_ms?: number
      readonly max_wait_ms?: number
    }
  }
  readonly spend_usd: number | null
}

export interface StepNode {
  readonly kind: 'step'
  readonly name: string
  readonly asks?: Asks
  readonly operation: Operation
  /** Answers come later, after a random delay. */
  readonly later: boolean
  /** The longest delay; 50 ms if absent. */
  readonly delay_us?: number
  readonly attempts: number
  readonly to: Target
  readonly on_error: Target
}
export interface GateNode {
  readonly kind: 'gate'
  readonly name: string
  readonly asks?: Asks
  /** Label is `n mod mod` as text. */
  readonly mod: number
  /** `n mod broken === 1` is an error of the gate, if broken > 0. */
  readonly broken: number
  readonly routes: readonly Target[]
  readonly on_error: Target
}
export interface SinkModel {
  readonly name: string
  /** Refuses rows with `n mod rejects === 0`, if rejects > 0. */
  readonly rejects: number
  /** Sends rows, and may send one again with the same key, rather than write them. */
  readonly sends?: boolean
  /** Sends several in one request; answers may be lost, and rows are sent again then. */
  readonly batch?: { readonly rows: number; readonly wait_ms: number }
  readonly on_error: Target
}
export interface SourceModel {
  readonly name: string
  readonly to: Target
  /** A sink or `discard`. */
  readonly on_invalid: Target
  /** null: a record that can't be read. */
  readonly values: readonly (number | null)[]
  /** Of each value, as it is written; the schema has them with two digits behind the point. */
  readonly amounts?: readonly (string | number)[]
  /** Longest pause between two chunks; 5 ms if absent. */
  readonly pause_us?: number
}
export interface ForkModel {
  readonly kind: 'fork'
  readonly name: string
  readonly branches: ReadonlyArray<{ readonly branch: string; readonly to: Target }>
}
export interface CoalesceModel {
  readonly kind: 'coalesce'
  readonly name: string
  readonly fork: string
  readonly branches: readonly string[]
  readonly policy: 'require_all' | 'quorum' | 'best_effort' | 'first'
  readonly quorum: number
  readonly merge: 'union' | 'nested' | 'select'
  readonly on_conflict: 'last_wins' | 'first_wins' | 'fail'
  /** Absent: so long that it never comes, or none. */
  readonly timeout_ms?: number
  /** A quorum waits until every branch is accounted for. */
  readonly complete?: boolean
  readonly to: Target
  /** A sink or `discard`; absent: members of groups that failed are written nowhere. */
  readonly on_error?: Target
}
export interface AggregateModel {
  readonly kind: 'aggregate'
  readonly name: string
  readonly asks?: Asks
  /** 0: only at the end of input. */
  readonly count: number
  /** One open batch for each value of the fields, and no more of them than `max_open`. */
  readonly per?: { readonly fields: readonly string[]; readonly max_open: number }
  /**
   * `sum`: one row with the sum of n and the members' ids; `each`: a row for each member; `none`: no row; `mark`: members
   * continue with their position, every third is dropped; `amounts`: one row with statistics of the amounts. A sum that `broken` divides is an error, if broken > 0.
   */
  readonly operation: 'sum' | 'each' | 'none' | 'mark' | 'amounts'
  readonly broken: number
  readonly later: boolean
  readonly max_age_ms?: number
  /** Closes by `when: batch.age_seconds >= …`. */
  readonly when_older_s?: number
  readonly to: Target
  readonly on_error: Target
}
export interface SortModel {
  readonly kind: 'sort'
  readonly name: string
  readonly keys: ReadonlyArray<{
    readonly field: string
    readonly order: 'asc' | 'desc'
    readonly nulls: 'first' | 'last'
    /** Of amounts. */
    readonly as?: 'number'
  }>
  readonly to: Target
}
export interface JoinModel {
  readonly kind: 'join'
  readonly name: string
  readonly keys: { readonly left: readonly string[]; readonly right: readonly string[] }
  readonly max_matches: number
  readonly merge: 'union' | 'nested'
  readonly routes: { readonly matched: Target; readonly left: Target; readonly right: Target }
  readonly on_error: Target
}
export type NodeModel = StepNode | GateNode | ForkModel | CoalesceModel | AggregateModel | JoinModel | SortModel

/** The name of the node or sink, and, of a join, its side. */
export function placeOf(target: Target): { readonly name: string; readonly side?: 'left' | 'right' } {
  const at = target.indexOf('.')
  if (at === -1) return { name: target }
  const [name, side] = [target.slice(0, at), target.slice(at + 1)]
  return side === 'left' || side === 'right' ? { name, side } : { name }
}

export interface Model {
  readonly sources: readonly SourceModel[]
  readonly nodes: readonly NodeModel[]
  readonly sinks: readonly SinkModel[]
  readonly limits?: Limits
}

/** When groups of a node close, as a compiled plan's value says it. */
export function closesOf(node: NodeModel): [string, Json][] {
  if (node.kind === 'coalesce')
    return [[node.name, [node.policy, node.quorum, node.complete === true, node.timeout_ms ?? null]]]
  if (node.kind === 'aggregate') {
    const { count, max_age_ms = null, when_older_s = null, per = null } = node
    return [[node.name, [count, max_age_ms, when_older_s, per]]]
  }
  return []
}
