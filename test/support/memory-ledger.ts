/** A ledger that keeps drafts as they are, so that a test can look at every fact of a run. */
import type { CheckpointHead, Ledger, RunDraft, RunLedger, SubjectDraft } from '../../src/ledger/write-port.ts'

export type Kept =
  | { readonly kind: 'subject'; readonly draft: SubjectDraft }
  | { readonly kind: 'run'; readonly draft: RunDraft }

export class MemoryLedger implements Ledger, RunLedger {
  readonly url = 'memory:'
  readonly log = 1
  /** Durable entries. */
  readonly entries: Kept[] = []
  sealed = false
  released = false
  #buffer: Kept[] = []

  get size(): number {
    return this.entries.length + this.#buffer.length
  }

  async openRun(_run: string, draft: RunDraft): Promise<RunLedger> {
    this.entries.push({ kind: 'run', draft })
    return this
  }

  append(draft: SubjectDraft): number {
    return this.#buffer.push({ kind: 'subject', draft }) + this.entries.length - 1
  }

  appendRun(draft: RunDraft): number {
    return this.#buffer.push({ kind: 'run', draft }) + this.entries.length - 1
  }

  async commit(): Promise<CheckpointHead> {
    this.entries.push(...this.#buffer)
    this.#buffer = []
    return { log: 1, size: this.entries.length, root: '00' }
  }

  async subjectTree(): Promise<{ size: number; root: string }> {
    return { size: 0, root: '00' }
  }

  async seal(draft: RunDraft): Promise<CheckpointHead> {
    this.appendRun(draft)
    this.sealed = true
    return this.commit()
  }

  async renew(): Promise<void> {
    if (this.released) throw new Error('the lease was given up')
  }

  async takeOver(): Promise<{ ledger: RunLedger; epoch: number }> {
    this.#buffer = []
    this.released = false
    return { ledger: this, epoch: 2 }
  }

  async release(): Promise<void> {
    this.released = true
  }

  async close(): Promise<void> {
    this.#buffer = []
  }

  subjects(): SubjectDraft[] {
    return this.entries.flatMap(each => (each.kind === 'subject' ? [each.draft] : []))
  }
}
