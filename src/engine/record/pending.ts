/**
 * Subjects with facts that no commit has made durable.
 *
 * PENDING-1. Facts of a subject whose tokens have all ended go to the ledger at the next `settle`, as text that is small and stays,
 *     unless an earlier one is still open: subjects begin in the order of their numbers. Those of others wait for `take`.
 *     What a failed commit held is dropped as a whole.
 */
import type { SubjectDraft } from '../../ledger/write-port.ts'
import { draftOf, Facts, type Subject } from '../token/token.ts'
import type { SourceCall } from './call-fact.ts'
import { CommitSize } from './commit-size.ts'

/** It waits for a tenth more. */
const PATIENCE = 10

export class PendingFacts {
  /** So many subjects are a commit. */
  readonly commit: CommitSize
  /** Calls of sources that no commit has taken. */
  of_sources: SourceCall[] = []
  /** In order of their first fact since the last commit; null for those that have been handed over: nothing needs them any more. */
  #subjects: Array<Subject | null> = []
  /** How many of these, from the first, have been handed over. */
  #settled = 0
  /** Rows whose tokens have all ended, and that have been handed over. */
  closed = 0

  constructor(commit_rows?: number) {
    this.commit = new CommitSize(commit_rows)
  }

  /**
   * A commit is due. `open`: how many tokens have not ended. Each of these has another entry when it does, so a commit waits a bit for
   * a moment when there are none, as where batches of a hundred close.
   */
  isDue(open: number): boolean {
    const { rows } = this.commit
    return this.size >= rows + (open === 0 ? 0 : Math.floor(rows / PATIENCE))
  }

  /** Nothing more should happen before the commit that is due. */
  get isOverfull(): boolean {
    return this.size >= 2 * this.commit.rows
  }

  /** How many subjects the next commit has something of, and calls of sources. */
  get size(): number {
    return this.#subjects.length + this.of_sources.length
  }

  /** The facts of a subject since the last commit; if there are none, something happens to it at `time_us`. */
  factsOf(subject: Subject, time_us: number): Facts {
    return subject.facts ?? this.#begin(subject, time_us)
  }

  #begin(subject: Subject, time_us: number): Facts {
    const facts = new Facts(time_us, subject.values + 1)
    subject.facts = facts
    this.#subjects.push(subject)
    return facts
  }

  /** Hands over the drafts of subjects that are closed, up to the first that isn't. To be called between transitions, not within one. */
  settle(append: (draft: SubjectDraft) => void): void {
    for (let next = this.#subjects[this.#settled]; next?.isClosed === true; next = this.#subjects[this.#settled]) {
      append(draftOf(next))
      if (next.kind === 'row') this.closed++
      this.#subjects[this.#settled++] = null
    }
  }

  /** Hands over the calls of sources: those together that one of them made before one record. */
  takeOfSources(): ReadonlyArray<readonly [SourceCall, ...SourceCall[]]> {
    const taken: [SourceCall, ...SourceCall[]][] = []
    for (const each of this.of_sources) {
      const last = taken.at(-1)
      if (last?.[0].asker.node === each.asker.node && last[0].asker.record === each.asker.record) last.push(each)
      else taken.push([each])
    }
    this.of_sources = []
    return taken
  }

  /**
   * Hands over all facts that are left, as one draft a subject; what follows belongs to the next commit. `append` gives the
   * seq of the draft's entry.
   */
  take(append: (draft: SubjectDraft) => number): void {
    const subjects = this.#subjects
    const settled = this.#settled
    this.#subjects = []
    this.#settled = 0
    const left = subjects.slice(settled).filter(each => each !== null)
    for (const subject of left) {
      if (subject.kind === 'row' && subject.isClosed) this.closed++
      subject.previous = append(draftOf(subject))
    }
  }
}
