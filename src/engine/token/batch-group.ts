/** Batches, as facts are recorded of them. */
import type { GroupId } from '../../model/ids.ts'
import type { AggregateNode } from '../../plan/plan.ts'
import type { Waiting } from './fork-frames.ts'
import type { Subject } from './token.ts'

/** A group of an aggregate: the subject that its output belongs to. */
export interface BatchGroup {
  readonly group: GroupId
  readonly subject: Subject
  readonly node: AggregateNode
  /** Canonical text of its key, value 1 of the subject; null if its aggregate has no keys. */
  readonly key: string | null
}

/** One that closes, with its members in order. */
export interface ClosedBatch extends BatchGroup {
  readonly trigger: string
  readonly members: readonly Waiting[]
}
