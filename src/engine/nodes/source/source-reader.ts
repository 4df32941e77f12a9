/**
 * Reads one source: keeps one chunk ahead, checks records against the declared schema, and knows how far it is.
 *
 * SOURCE-READER-1. `poll` never waits; if nothing is there yet, `onReady` is called as soon as that changes.
 * SOURCE-READER-2. The cursor covers exactly the records that `poll` has handed out.
 * SOURCE-READER-3. A chunk is checked as a whole when it arrives (chunk.ts): what `poll` hands out can be taken in.
 */
import { setImmediate } from 'node:timers/promises'
import { CustodyError } from '../../../model/error.ts'
import { counted } from '../../../model/number-text.ts'
import type { Json, Row } from '../../../model/row.ts'
import { fieldsAdded, inputSchema, type SourceNode } from '../../../plan/plan.ts'
import { ERROR_FIELD } from '../../../sdk/error-row.ts'
import { compileRowSchema, type RowChecker, type SchemaMiss } from '../../../sdk/schema-check.ts'
import { NOBODY_TO_ASK } from '../../../sdk/source.ts'
import type {
  ResumePoint,
  Source,
  SourceFileEnd,
  SourceHead,
  SourceItem,
  SourceRange,
  SourceRecord,
  SourceReject,
  SourceRow,
} from '../../../sdk/spec.ts'
import { defect, describe } from '../../ports/plugin-defect.ts'
import { sourceDefect, takeChunk, takeValue } from './chunk.ts'
import { judgeHeader } from './header.ts'
import { type FileOnRecord, type FilesOfRange, type FileToRecord, ReadFiles } from './read-files.ts'
import { repeatPosition } from './repeating.ts'
import { type CallsOnRecord, NO_CALLS, type SourceCalls } from './source-calls.ts'

/** Which record of its source it is, from 1; and in a re-run which row of the other run it repeats. */
interface Nth {
  readonly index: number
  readonly repeats: number | null
}

export type Incoming =
  | (Nth & { readonly kind: 'row'; readonly record: SourceRow; readonly row: Row })
  | (Nth & { readonly kind: 'reject'; readonly record: SourceReject })
  /** Nothing yet. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'end' }

/** Chunks without a record that are asked for one after another in one go. */
const MOST_EMPTY = 100

/** For people: what a source waits for, or what is odd about it. */
export interface Notice {
  readonly kind: 'waiting' | 'warning'
  readonly text: string
}

const RESERVED: SchemaMiss = {
  ok: false,
  code: 'RESERVED_FIELD',
  message: `it has a field ${ERROR_FIELD}, which only rows that met an error have`,
  field: ERROR_FIELD,
}

const PENDING: Incoming = { kind: 'pending' }
const END: Incoming = { kind: 'end' }

export interface Cursor {
  readonly records: number
  readonly position: Json
  readonly sha256: string | null
  readonly done: boolean
}

/** How far a source was read before. */
export interface ReadSoFar extends Cursor {
  /** Its rest isn't read, because it can't be read twice or isn't to be. */
  readonly cut: boolean
  /** Those of its files that were read, if it has a list of them. */
  readonly files: readonly FileOnRecord[]
  /** Absent: it has called nobody. */
  readonly calls?: CallsOnRecord
}

/** A source that is there to be read. */
export interface OpenSource {
  readonly node: SourceNode
  readonly source: Source
  /** Names of the files that it reads, if it has a list of them. */
  readonly files: readonly string[] | null
  /** What a split reads of it; absent: all of it. */
  readonly range?: SourceRange | undefined
  /** How many of its files end before that. */
  readonly files_before?: number
  /** The number of the record at a position, where records aren't one after another. */
  readonly indexAt?: ((position: Json) => number) | undefined
}

export interface SourcePorts {
  /** Called when something is there after `poll` found nothing. */
  readonly onReady: () => void
  /** Called with what the source waits for, and what is odd about it; for people. */
  readonly onNotice: (notice: Notice) => void
  /** How a source calls services; absent where it can't. `records`: those that it had given before. */
  readonly callsOf?: (node: SourceNode, records: number, on_record: CallsOnRecord) => SourceCalls
}

export class SourceReader {
  readonly node: SourceNode
  readonly source: Source
  readonly #files: ReadFiles | null
  readonly #calls: SourceCalls | null
  readonly #check: RowChecker
  readonly #ports: SourcePorts
  /** Its records are rows of another run. */
  readonly #repeats: boolean
  readonly #point: ResumePoint | null
  #beginning: Promise<void> | null = null
  #chunks: AsyncIterator<readonly SourceItem[]> | null = null
  /** Chunks without a record since the last one with some. */
  #empty = 0
  #chunk: readonly SourceItem[] = []
  #at = 0
  #next: readonly SourceItem[] | null = null
  /** Whether records were handed out since the cursor was last asked for. */
  #moved = false
  #fetching = false
  #exhausted = false
  #failure: unknown = null
  #records: number
  #position: Json
  #done: boolean
  #closed = false
  /** Hash up to `#position`, as far as it was asked for. */
  #sha256: string | null
  /** Until the source has shown that it is what it was. */
  #from: ReadSoFar | null
  readonly #range: SourceRange | null
  readonly #indexAt: OpenSource['indexAt']

  /** `from`: where to continue; null for a source that wasn't begun. */
  constructor(of: OpenSource, from: ReadSoFar | null, ports: SourcePorts, repeats = false) {
    const { node, source, files, range } = of
    this.#repeats = repeats
    this.#range = range ?? null
    this.#indexAt = of.indexAt
    this.node = node
    this.source = source
    this.#files = files === null ? null : new ReadFiles(files, from?.files ?? [], filesOf(of))
    this.#check = compileRowSchema(node.schema, {
      textual: node.plugin.spec.textual,
      drops: node.extra_columns === 'drop',
    })
    this.#ports = ports
    this.#calls = ports.callsOf?.(node, from?.records ?? 0, from?.calls ?? NO_CALLS) ?? null
    const begun = from !== null && from.position !== null
    this.#point = begun
      ? { records: from.records, position: from.position, ...(files === null ? {} : { files: from.files }) }
      : null
    this.#from = begun && !from.done ? from : null
    this.#records = from?.records ?? 0
    this.#position = from?.position ?? null
    this.#sha256 = from?.sha256 ?? null
    this.#done = from?.done ?? false
    if (from?.cut === true) this.#stopFiles()
  }

  /** Whether the source may be looked at before its turn: it can be again, and waits for nobody. */
  async isOpen(): Promise<boolean> {
    const { spec, options } = this.node.plugin
    try {
      return spec.rereadable(options) && ((await this.source.awaits?.(this.#point)) ?? null) === null
    } catch (thrown) {
      throw sourceDefect(this.node.name, thrown)
    }
  }

  /** Reads what stands before the first record, and judges it; once. @throws CustodyError of the source, or CUSTODY_HEADER. */
  begin(): Promise<void> {
    this.#beginning ??= this.#begin()
    // Whoever awaits it gets the error; if nobody does any more, that is no failure of the process.
    void Promise.allSettled([this.#beginning])
    return this.#beginning
  }

  async #begin(): Promise<void> {
    const { node, source } = this
    try {
      const awaited = await source.awaits?.(this.#point)
      // Who closed it wants nothing opened any more.
      if (this.#closed) return
      if (typeof awaited === 'string')
        this.#ports.onNotice({ kind: 'waiting', text: `${node.name} waits for ${awaited}` })
      const head = await source.begin?.(this.#point)
      if (head === undefined) return
      const warnings: string[] = []
      for (const each of [head, ...(head.unlike ?? [])]) warnings.push(...this.#judge(each))
      for (const text of warnings) this.#ports.onNotice({ kind: 'warning', text })
    } catch (thrown) {
      throw sourceDefect(node.name, thrown)
    }
  }

  /** @returns what people should know. @throws CustodyError CUSTODY_HEADER. */
  #judge(head: SourceHead): readonly string[] {
    const { node } = this
    const { problem, warnings } = judgeHeader(inputSchema(node), node.extra_columns, head, fieldsAdded(node))
    if (problem !== null)
      throw new CustodyError('CUSTODY_HEADER', problem.message, { where: { node: node.name }, hint: problem.hint })
    const alike = head.alike ?? 0
    const more = alike === 0 ? '' : ` (and so have ${counted(alike, 'more file')})`
    return [...(head.warnings ?? []), ...warnings].map(text => text + more)
  }

  /** Records handed out so far. */
  get records(): number {
    return this.#records
  }

  get done(): boolean {
    return this.#done
  }

  /** Bytes before the cursor; null if the source counts none. */
  get bytes(): number | null {
    return this.#position === null ? 0 : (this.source.bytesBefore?.(this.#position) ?? null)
  }

  /** Whether it has ended, and there was nothing to read: not one byte, or only blanks and line breaks. */
  get isBlank(): boolean {
    if (!this.#done) return false
    const { source } = this
    if (this.#position !== null && source.isBlank !== undefined) return source.isBlank(this.#position)
    return source.bytesBefore !== undefined && this.bytes === 0
  }

  /** The next record. @throws CustodyError CUSTODY_SOURCE and others of the source. */
  poll(): Incoming {
    const record = this.pollRecord()
    return record === 'end' ? END : record === 'pending' ? PENDING : this.#checked(record)
  }

  /** The same, as the source gave it. @throws as `poll`. */
  pollRecord(): SourceRecord | 'pending' | 'end' {
    if (this.#done) return 'end'
    for (;;) {
      const item = this.#chunk[this.#at]
      if (item === undefined) {
        if (this.#next === null || this.#failure !== null) return this.#awaitChunk()
        this.#chunk = this.#next
        this.#at = 0
        this.#next = null
        if (this.#calls?.asks !== true) this.#fetch()
        continue
      }
      this.#at++
      this.#position = item.position
      this.#moved = true
      // Nobody is asked for what may not be wanted: the last rows of a limit, or of a run that stops.
      if (this.#next === null && this.#calls?.asks === true && 2 * this.#at >= this.#chunk.length) this.#fetch()
      if (item.kind === 'end_of_file') {
        this.#endFile(item)
        continue
      }
      this.#records++
      return item
    }
  }

  /** No record follows, whatever the source has. */
  end(): void {
    if (this.#done) return
    this.#done = true
    this.#stopFiles()
  }

  /** What was read of files since the last commit, and is to be recorded with it; to be asked for behind the cursor. */
  takeFiles(): readonly FileToRecord[] {
    return this.#files?.take() ?? []
  }

  #endFile({ bytes, position }: SourceFileEnd): void {
    const { name } = this.node
    if (this.#files === null || this.#files.all_read)
      throw defect(name, 'yielded the end of a file that isn’t one of those that it listed')
    const left = { bytes, position, sha256: this.#hashUpTo(position) }
    if (!this.#files.isAsCut(this.#records, left)) throw this.#notAsCut()
    this.#files.end(this.#records, left)
  }

  /** The file in hand, if there is one, is read no further. */
  #stopFiles(): void {
    if (this.#files === null || this.#position === null) return
    const sha256 = this.#moved ? this.#hashUpTo(this.#position) : this.#sha256
    this.#files.stop(this.#records, { bytes_before: this.bytes ?? 0, position: this.#position, sha256 })
  }

  /** @throws CustodyError CUSTODY_PLUGIN_DEFECT if the source gives no hash that is one. */
  cursor(): Cursor {
    if (this.#moved) {
      this.#sha256 = this.#hashUpTo(this.#position)
      this.#moved = false
    }
    return { records: this.#records, position: this.#position, sha256: this.#sha256, done: this.#done }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.source.close()
  }

  #checked(record: SourceRecord): Incoming {
    const again = this.#repeats ? repeatPosition(record.position) : null
    const index = again?.index ?? this.#numberOf(record)
    const repeats = again?.row ?? null
    if (record.kind === 'reject') return { kind: 'reject', index, repeats, record }
    const { row } = record
    const checked = row[ERROR_FIELD] === undefined ? this.#check(row) : RESERVED
    if (checked.ok) return { kind: 'row', index, repeats, record, row: checked.row }
    const { line, position } = record
    return {
      kind: 'reject',
      index,
      repeats,
      record: {
        kind: 'reject',
        line,
        raw: record.raw ?? row,
        code: checked.code,
        message: checked.message,
        field: checked.field,
        ...(record.file === undefined ? {} : { file: record.file }),
        position,
      },
    }
  }

  /** A source that is resumed must have, up to there, the bytes that it had. */
  #changed(): CustodyError | null {
    const from = this.#from
    this.#from = null
    if (from?.sha256 == null || this.#hashUpTo(from.position) === from.sha256) return null
    const message = `what was read of source \`${this.node.name}\` before isn't what stands there now`
    return new CustodyError('CUSTODY_SOURCE_CHANGED', message, { where: { node: this.node.name } })
  }

  #numberOf({ position }: SourceRecord): number {
    return this.#indexAt?.(position) ?? this.#before + this.#records
  }

  /** The number that its nth record has; null where only records themselves say that. */
  indexOf(nth: number): number | null {
    return this.#indexAt === undefined ? this.#before + nth : null
  }

  get #before(): number {
    return this.#range?.records_before ?? 0
  }

  #awaitChunk(): 'pending' | 'end' {
    if (this.#failure !== null) throw this.#failure
    if (this.#exhausted) {
      this.#atEnd()
      return 'end'
    }
    this.#fetch()
    return 'pending'
  }

  /** What follows the last record belongs to what was read. */
  #atEnd(): void {
    const { name } = this.node
    try {
      const end = this.source.end?.()
      if (end !== undefined) {
        this.#position = takeValue(name, 'a position', end.position)
        this.#moved = true
      }
      const left = this.#files?.left ?? 0
      if (left > 0) throw defect(name, `ended, and ${counted(left, 'of its files is', 'of its files are')} not read`)
    } catch (thrown) {
      throw sourceDefect(name, thrown)
    }
    this.#mustBeRange()
    if (this.#range !== null) this.#stopFiles()
    this.#done = true
  }

  /** What was read is what the input was cut to. */
  #mustBeRange(): void {
    const range = this.#range
    if (range === null) return
    const { sha256 } = this.cursor()
    if (this.#records !== range.records || (sha256 !== null && sha256 !== range.sha256)) throw this.#notAsCut()
  }

  #notAsCut(): CustodyError {
    const message = `source \`${this.node.name}\` isn't what it was when it was cut for the run's splits`
    return new CustodyError('CUSTODY_SOURCE_CHANGED', message, { where: { node: this.node.name } })
  }

  #hashUpTo(position: Json): string | null {
    const { name } = this.node
    let hash: unknown
    try {
      hash = this.source.hashUpTo?.(position) ?? null
    } catch (thrown) {
      throw sourceDefect(name, thrown)
    }
    if (hash === null || (typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash))) return hash
    throw defect(name, `gave ${describe(hash)} as the hash of what was read`)
  }

  #fetch(): void {
    if (this.#fetching || this.#exhausted || this.#failure !== null) return
    this.#fetching = true
    this.#pull()
      .catch((thrown: unknown) => {
        this.#failure = sourceDefect(this.node.name, thrown)
      })
      .then(() => {
        this.#fetching = false
        this.#ports.onReady()
      })
  }

  async #pull(): Promise<void> {
    if (this.#chunks === null) {
      await this.begin()
      if (this.#closed) return
      this.#chunks = this.source.read(this.#point, this.#calls?.context ?? NOBODY_TO_ASK)[Symbol.asyncIterator]()
    }
    // A source that only ever promises more must not keep everybody else from being heard.
    if (this.#empty >= MOST_EMPTY) await setImmediate()
    const next = await this.#chunks.next()
    this.#failure = this.#changed()
    if (this.#failure !== null) return
    if (next.done === true) {
      this.#exhausted = true
      return
    }
    // Rows of another run were sound there.
    const chunk = this.#repeats ? next.value : takeChunk(this.node, next.value)
    this.#empty = chunk.length === 0 ? this.#empty + 1 : 0
    if (this.#calls?.asks === true) this.#calls.gave(recordsIn(chunk))
    this.#next = chunk
  }
}

function filesOf({ range, files_before = 0 }: OpenSource): FilesOfRange | null {
  if (range === undefined) return null
  return { files_before, records_before: range.records_before, files: range.files ?? [] }
}

function recordsIn(chunk: readonly SourceItem[]): number {
  let records = chunk.length
  for (const { kind } of chunk) if (kind === 'end_of_file') records--
  return records
}
