/**
 * Aggregates: which batch is open at which node, and when it closes.
 *
 * B1. A node has one open batch at most; a batch that closes makes room for the next at once.
 * B2. The clock of a batch starts with its first member. `when` is looked at with each arrival and each second, and stays
 *     true once it was.
 * B3. In a replay batches are closed as on record, as long as it fits.
 */
import type { RecordedBatch } from '../../../format/recording.ts'
import { newRow } from '../../../model/row.ts'
import type { AggregateNode } from '../../../plan/plan.ts'
import type { RunClock } from '../../ports/run-clock.ts'
import { Answers } from '../../token/answers.ts'
import type { BatchGroup } from '../../token/batch-group.ts'
import type { Waiting } from '../../token/fork-frames.ts'
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
  callOffTimers: () => void
}

/** What the run that is replayed has on record of a batch; null if nothing. */
export interface BatchRecords {
  batchOf(batch: Subject): RecordedBatch | null
}

export class Batches {
  readonly #open = new Map<number, Batch>()
  /** By node: how many there were. */
  readonly #begun = new Map<number, number>()
  readonly #clock: RunClock
  readonly #onDue: (batch: Batch) => void
  readonly #records: BatchRecords | null

  /** `onDue` is called when the clock makes it worth a look at a batch. */
  constructor(clock: RunClock, onDue: (batch: Batch) => void, records: BatchRecords | null = null) {
    this.#clock = clock
    this.#onDue = onDue
    this.#records = records
  }

  /** How many batches each node had in processes before. */
  goOn(begun: ReadonlyMap<number, number>): void {
    for (const [node, count] of begun) this.#begun.set(node, count)
  }

  /** The node is to have another batch: which of its batches that is, from 1. */
  next(node: number): number {
    const nth = (this.#begun.get(node) ?? 0) + 1
    this.#begun.set(node, nth)
    return nth
  }

  openAt(node: number): Batch | undefined {
    return this.#open.get(node)
  }

  open(group: BatchGroup, opened_us: number, answers: Answers | null = null): Batch {
    const batch: Batch = {
      ...group,
      members: [],
      opened_us,
      latched: false,
      attempt: 1,
      answers: answers ?? new Answers(),
      trigger: null,
      callOffTimers: () => undefined,
    }
    this.#open.set(group.node.number, batch)
    this.#setTimers(batch)
    return batch
  }

  /** Closes the batch if a trigger fires now. */
  look(batch: Batch, input_ended: boolean): Trigger | null {
    if (batch.trigger !== null) return null
    const { node, members } = batch
    const age_us = this.#ageOf(batch)
    batch.latched ||= holds(node, members.length, age_us)
    const state = { count: members.length, age_us, latched: batch.latched, input_ended }
    const record = this.#records?.batchOf(batch.subject) ?? null
    const on_record = record === null ? null : triggerOnRecord(node.trigger, state, record)
    const trigger = on_record === null ? triggerOf(node.trigger, state) : on_record.fires
    if (trigger === null) return null
    batch.trigger = trigger
    batch.callOffTimers()
    this.#open.delete(node.number)
    return trigger
  }

  #ageOf({ opened_us }: Batch): number {
    return this.#clock.ran_us(opened_us, this.#clock.now_us())
  }

  #setTimers(batch: Batch): void {
    const { max_age_ms, when } = batch.node.trigger
    const callOff: { age: () => void; look: () => void } = { age: () => undefined, look: () => undefined }
    const wakeAt = (age_us: number, then: () => void) =>
      this.#clock.wake(Math.max(0, age_us - this.#ageOf(batch)), then)
    if (max_age_ms !== null) callOff.age = wakeAt(max_age_ms * 1000, () => this.#onDue(batch))
    const lookAgain = () => {
      // The next full second of its age: those that passed while the run was down are not made up for.
      const seconds = Math.floor(this.#ageOf(batch) / LOOK_EVERY_US) + 1
      callOff.look = wakeAt(seconds * LOOK_EVERY_US, () => {
        this.#onDue(batch)
        lookAgain()
      })
    }
    if (when !== null) lookAgain()
    batch.callOffTimers = () => {
      callOff.age()
      callOff.look()
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
