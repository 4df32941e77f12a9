/**
 * Reads one source: keeps one chunk ahead, checks records against the declared schema, and knows how far it is.
 *
 * K1. `poll` never waits; if nothing is there yet, `onReady` is called as soon as that changes.
 * K2. The cursor covers exactly the records that `poll` has handed out.
 */
import { type CustodyError, isCustodyError } from '../model/error.ts'
import type { Json, Row } from '../model/row.ts'
import type { SourceNode } from '../plan/plan.ts'
import { compileRowSchema, type RowChecker } from '../sdk/schema-check.ts'
import type { ResumePoint, Source, SourceRecord, SourceReject, SourceRow } from '../sdk/spec.ts'
import { defect } from './step.ts'

export type Incoming =
  | { readonly kind: 'row'; readonly index: number; readonly record: SourceRow; readonly row: Row }
  | { readonly kind: 'reject'; readonly index: number; readonly record: SourceReject }
  /** Nothing yet. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'end' }

const PENDING: Incoming = { kind: 'pending' }
const END: Incoming = { kind: 'end' }

export interface Cursor {
  readonly records: number
  readonly position: Json
  readonly sha256: string | null
  readonly done: boolean
}

export class Intake {
  readonly node: SourceNode
  readonly source: Source
  readonly #check: RowChecker
  readonly #onReady: () => void
  readonly #chunks: AsyncIterator<readonly SourceRecord[]>
  #chunk: readonly SourceRecord[] = []
  #at = 0
  #next: readonly SourceRecord[] | null = null
  #fetching = false
  #exhausted = false
  #failure: unknown = null
  #records: number
  #position: Json
  #done = false

  constructor(node: SourceNode, source: Source, from: ResumePoint | null, onReady: () => void) {
    this.node = node
    this.source = source
    this.#check = compileRowSchema(node.schema, { textual: node.plugin.spec.textual })
    this.#onReady = onReady
    this.#chunks = source.read(from)[Symbol.asyncIterator]()
    this.#records = from?.records ?? 0
    this.#position = from?.position ?? null
  }

  /** Records handed out so far. */
  get records(): number {
    return this.#records
  }

  /** The next record. @throws CustodyError CUSTODY_SOURCE and others of the source. */
  poll(): Incoming {
    if (this.#done) return END
    while (this.#at >= this.#chunk.length) {
      if (this.#next === null) return this.#awaitChunk()
      this.#chunk = this.#next
      this.#at = 0
      this.#next = null
      this.#fetch()
    }
    const record = this.#chunk[this.#at++] as SourceRecord
    this.#records++
    this.#position = record.position
    return this.#checked(record)
  }

  /** No record follows, whatever the source has. */
  end(): void {
    this.#done = true
  }

  cursor(): Cursor {
    const sha256 = this.#position === null ? null : (this.source.hashUpTo?.(this.#position) ?? null)
    return { records: this.#records, position: this.#position, sha256, done: this.#done }
  }

  async close(): Promise<void> {
    await this.source.close()
  }

  #checked(record: SourceRecord): Incoming {
    if (record.kind === 'reject') return { kind: 'reject', index: this.#records, record }
    const checked = this.#check(record.row)
    if (checked.ok) return { kind: 'row', index: this.#records, record, row: checked.row }
    const { line, position } = record
    return {
      kind: 'reject',
      index: this.#records,
      record: {
        kind: 'reject',
        line,
        raw: record.raw ?? record.row,
        code: checked.code,
        message: checked.message,
        position,
      },
    }
  }

  #awaitChunk(): Incoming {
    if (this.#failure !== null) throw this.#failure
    if (this.#exhausted) {
      this.#done = true
      return END
    }
    this.#fetch()
    return PENDING
  }

  #fetch(): void {
    if (this.#fetching || this.#exhausted || this.#failure !== null) return
    this.#fetching = true
    this.#chunks.next().then(
      result => {
        this.#fetching = false
        if (result.done === true) this.#exhausted = true
        else this.#next = result.value
        this.#onReady()
      },
      (thrown: unknown) => {
        this.#fetching = false
        this.#failure = isCustodyError(thrown) ? thrown : asDefect(this.node.name, thrown)
        this.#onReady()
      },
    )
  }
}

function asDefect(name: string, thrown: unknown): CustodyError {
  return defect(name, `threw ${thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)}`, thrown)
}
