/**
 * Aggregates: which batches are open at which node, and when they close.
 *
 * BATCHES-1. A node has one open batch for each key at most; where it has no keys, one. A batch that closes makes room for the next at
 *     once. Those that are open stand in the order of their first members.
 * BATCHES-2. The clock of a batch starts with its first member. `when` is looked at with each arrival and each second, and stays
 *     true once it was.
 * BATCHES-3. In a replay batches are closed as on record, as long as it fits.
 */
import type { RecordedBatch } from '../../../format/recording.ts'
import { newRow } from '../../../model/row.ts'
import type { AggregateNode } from '../../../plan/plan.ts'
import type { RunClock } from '../../ports/run-clock.ts'
import { Answers } from '../../token/answers.ts'
import type { BatchGroup } from '../../token/batch-group.ts'
import type { Waiting } from '../../token/fork-frames.ts'
import type { InFlight } from '../../token/in-flight.ts'
import type { Subject } from '../../token/token.ts'
import { type Trigger, triggerOf, triggerOnRecord } from './trigger.ts'

const LOOK_EVERY_US = 1_000_000

export interface Batch extends BatchGroup {
  readonly members: Waiting[]
  readonly opened_us: number
  latched: boolean
  /** Of the plugin's work on it, from 1. */
  attempt: number
  /** What its calls were answered. */
  readonly answers: Answers
  /** null while it is open. */
  trigger: Trigger | null
  readonly callOffTimers: () => void
}

/** What the run that is replayed has on record of a batch; null if nothing. */
export interface BatchRecords {
  batchOf(batch: Subject): RecordedBatch | null
}

export class Batches {
  /** By node and key. */
  readonly #open = new Map<number, Map<string | null, Batch>>()
  readonly #clock: RunClock
  readonly #onDue: (batch: Batch) => void
  readonly #records: BatchRecords | null

  /** `onDue` is called when the clock makes it worth a look at a batch. */
  constructor(clock: RunClock, onDue: (batch: Batch) => void, records: BatchRecords | null = null) {
    this.#clock = clock
    this.#onDue = onDue
    this.#records = records
  }

  /** The open batch with this key. */
  openFor(node: number, key: string | null): Batch | undefined {
    return this.#open.get(node)?.get(key)
  }

  /** Of the open batches, the one that was opened first. */
  firstAt(node: number): Batch | undefined {
    return this.#open.get(node)?.values().next().value
  }

  /** How many are open. */
  countAt(node: number): number {
    return this.#open.get(node)?.size ?? 0
  }

  /** A new batch, or one with what it has had in a process before. */
  open({ group, opened_us, members, answers }: Omit<InFlight['batches'][number], 'left_us'>): Batch {
    const batch: Batch = {
      ...group,
      members: [...members],
      opened_us,
      latched: false,
      attempt: members[0]?.token.attempt ?? 1,
      answers: answers ?? new Answers(),
      trigger: null,
      callOffTimers: this.#timers(group.node, opened_us, () => this.#onDue(batch)),
    }
    const { number } = group.node
    const open = this.#open.get(number) ?? new Map<string | null, Batch>()
    this.#open.set(number, open.set(group.key, batch))
    return batch
  }

  /** Closes the batch if a trigger fires now. */
  look(batch: Batch, input_ended: boolean): Trigger | null {
    if (batch.trigger !== null) return null
    const { node, members } = batch
    const age_us = this.#ageOf(batch.opened_us)
    batch.latched ||= holds(node, members.length, age_us)
    const state = { count: members.length, age_us, latched: batch.latched, input_ended }
    const record = this.#records?.batchOf(batch.subject) ?? null
    const on_record = record === null ? null : triggerOnRecord(node.trigger, state, record)
    const trigger = on_record === null ? triggerOf(node.trigger, state) : on_record.fires
    if (trigger === null) return null
    batch.trigger = trigger
    batch.callOffTimers()
    this.#open.get(node.number)?.delete(batch.key)
    return trigger
  }

  #ageOf(opened_us: number): number {
    return this.#clock.ran_us(opened_us, this.#clock.now_us())
  }

  /** Returns what calls them off. */
  #timers({ trigger }: AggregateNode, opened_us: number, onDue: () => void): () => void {
    const { max_age_ms, when } = trigger
    const wakeAt = (age_us: number, then: () => void) =>
      this.#clock.wake(Math.max(0, age_us - this.#ageOf(opened_us)), then)
    const callOffAge = max_age_ms === null ? null : wakeAt(max_age_ms * 1000, onDue)
    // The next full second of its age: those that passed while the run was down are not made up for.
    const nextLook = (): (() => void) => {
      const seconds = Math.floor(this.#ageOf(opened_us) / LOOK_EVERY_US) + 1
      return wakeAt(seconds * LOOK_EVERY_US, () => {
        onDue()
        callOffLook = nextLook()
      })
    }
    let callOffLook = when === null ? null : nextLook()
    return () => {
      callOffAge?.()
      callOffLook?.()
    }
  }
}

function holds(node: AggregateNode, count: number, age_us: number): boolean {
  if (node.trigger.when === null) return false
  const batch = newRow()
  batch.count = count
  batch.age_seconds = age_us / 1_000_000
  const result = node.trigger.when.evaluate(batch)
  return result.ok && result.value === true
}
