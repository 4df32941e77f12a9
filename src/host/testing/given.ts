/**
 * What stands in for the outside while a case runs: sources that yield the rows of the case, and sinks that keep what they get.
 *
 * GIVEN-1. All that isn't outside is the pipeline's own: schemas, nodes, edges. A given row is checked as a record of the source's file
 *     would be; of a source with cells of text (CSV) each value becomes such a cell first, one that its options have rewritten already.
 */
import { canonicalize } from '../../model/canonical.ts'
import { derive, type Json, newRow, type Row } from '../../model/row.ts'
import type {
  Receipt,
  Rehearsal,
  RowError,
  Sink,
  SinkContext,
  SinkIntent,
  SinkSpec,
  Source,
  SourceRecord,
  SourceSpec,
} from '../../sdk/spec.ts'

/** A source that yields these rows in the place of its file's. */
export function givenSource(spec: SourceSpec, rows: readonly Row[]): SourceSpec {
  const create: SourceSpec['create'] = options =>
    new GivenRows(
      spec.textual,
      rows.map(row => withAdded(row, spec.adds?.(options))),
    )
  return { ...spec, rereadable: () => true, endless: () => false, create }
}

/** What the source itself would add, such as the name of a file, where a case says nothing of it. */
function withAdded(row: Row, added: ReadonlyMap<string, unknown> = new Map()): Row {
  const set = newRow()
  for (const field of added.keys()) if (!Object.hasOwn(row, field)) set[field] = 'given'
  return derive(row, set)
}

class GivenRows implements Source {
  readonly #textual: boolean
  readonly #rows: readonly Row[]

  constructor(textual: boolean, rows: readonly Row[]) {
    this.#textual = textual
    this.#rows = rows
  }

  async *read(): AsyncIterable<readonly SourceRecord[]> {
    yield this.#rows.map((row, index) => ({
      kind: 'row',
      line: 0,
      row: this.#textual ? cells(row) : row,
      raw: canonicalize(row),
      position: index + 1,
    }))
  }

  async close(): Promise<void> {
    // Nothing is open.
  }
}

/** As a file of texts would have it: null is an empty cell. */
function cells(row: Row): Row {
  const texts = newRow()
  for (const [field, value] of Object.entries(row)) texts[field] = cell(value)
  return texts
}

function cell(value: Json): Json {
  return value === null || typeof value === 'string' ? value : canonicalize(value)
}

/** A row that a sink takes. */
export interface KeptRow {
  readonly row: Row
  /** The file that it goes to, as the pipeline file names it; null where rows don't say which. */
  readonly file: string | null
}

/** A sink that keeps the rows that its own would write, errors and all, in `kept`, and refuses those that its own would. */
export function keptSink(spec: SinkSpec, kept: KeptRow[]): SinkSpec {
  const { kind, name, summary, options, examples, errors, rehearse } = spec
  const determinism = 'deterministic'
  const create = (own: unknown, context: SinkContext) => new KeptRows(kept, () => rehearse?.(own, context) ?? ALL_TAKEN)
  return { kind, name, summary, options, examples, determinism, errors, create }
}

const ALL_TAKEN: Rehearsal = { row: () => ({ kind: 'taken', file: null }) }

const NOWHERE: SinkIntent = { path: null, mode: 'stream', prior_bytes: 0, prior_sha256: null, staged: null }

class KeptRows implements Sink {
  readonly #kept: KeptRow[]
  readonly #rehearse: () => Rehearsal
  #rehearsal: Rehearsal

  constructor(kept: KeptRow[], rehearse: () => Rehearsal) {
    this.#kept = kept
    this.#rehearse = rehearse
    this.#rehearsal = rehearse()
  }

  async prepare(): Promise<SinkIntent> {
    return NOWHERE
  }

  async open(_intent: SinkIntent, receipt: Receipt | null): Promise<void> {
    this.#kept.length = receipt?.rows ?? 0
    // What it says of a row can depend on those before.
    this.#rehearsal = this.#rehearse()
    for (const { row } of this.#kept) this.#rehearsal.row(row)
  }

  write(row: Row): RowError | null {
    const answer = this.#rehearsal.row(row)
    if (answer.kind === 'error') return answer
    this.#kept.push({ row, file: answer.file })
    return null
  }

  async flush(): Promise<Receipt> {
    return { rows: this.#kept.length, bytes: 0, sha256: null, state: null }
  }

  finish(): Promise<Receipt> {
    return this.flush()
  }

  async publish(): Promise<null> {
    return null
  }

  async close(): Promise<void> {
    // Nothing is open.
  }
}
