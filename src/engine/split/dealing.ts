/**
 * Deals the records of all sources to the splits, by the value of a field, before one of them is a row: each source is read once, in order, and
 * what a split gets of it goes to a spool.
 *
 * DEALING-1. Which split has a record depends on the record, the field and the number of splits alone (deal-key.ts).
 * DEALING-2. Spools count once the log of the coordinator says what they hold, and they are durable then. Others are thrown away, and all is
 *     dealt again.
 */
import { createHash, type Hash } from 'node:crypto'
import type { DealtInput } from '../../format/run-values.ts'
import type { SplitsConfig } from '../../plan/plan.ts'
import type { FileToRecord } from '../nodes/source/read-files.ts'
import { type Notice, type OpenSource, SourceReader } from '../nodes/source/source-reader.ts'
import type { AtPoint } from '../ports/crash-points.ts'
import type { PieceName, Pieces } from '../ports/pieces.ts'
import type { PartRange, SourceCut } from './cuts.ts'
import { dealer } from './deal-key.ts'
import { spoolLine } from './spool.ts'

/** Texts of all spools together that are kept before they are written. */
const KEPT_BYTES = 32 * 1024 * 1024
/** Texts of one that are. */
const KEPT_OF_ONE_BYTES = 1024 * 1024
/** Records between two looks at whether somebody wants it to stop, in one go. */
const RECORDS_AT_ONCE = 1000

export interface Dealing {
  readonly sources: readonly OpenSource[]
  readonly splits: SplitsConfig & { readonly by: string }
  /** Records at most, of all sources together. */
  readonly limit: number
  readonly pieces: Pieces
  /** Of the run's lease. */
  readonly epoch: number
  readonly signal: AbortSignal
  readonly atPoint: AtPoint
  readonly onNotice: (notice: Notice) => void
  /** So many records and bytes so far. */
  readonly onDealt: (records: number, bytes: number) => void
}

export interface DealtSources {
  readonly cuts: readonly SourceCut[]
  /** By source that has a list of files: those that were read. */
  readonly files: ReadonlyMap<number, readonly FileToRecord[]>
}

/** Into a folder that is there. null: it was stopped. @throws CustodyError of sources, CUSTODY_HEADER, CUSTODY_SINK, CUSTODY_SINK_FULL, CUSTODY_PIECES_UNSEEN. */
export async function dealSources(dealing: Dealing): Promise<DealtSources | null> {
  const { sources, limit, pieces } = dealing
  // No split has begun: what is there is of dealings that aren't on record. One that a successor is at meanwhile has a higher epoch.
  await pieces.removeSpools(new Set(sources.map(({ node }) => node.number)), dealing.epoch)
  const cuts: SourceCut[] = []
  const files = new Map<number, readonly FileToRecord[]>()
  const names: PieceName[] = []
  const before = { records: 0, bytes: 0 }
  for (const source of sources) {
    const dealt = await new SourceDealer(dealing, source, before).deal(limit - before.records)
    if (dealt === null) return null
    cuts.push(dealt.cut)
    names.push(...dealt.names)
    files.set(source.node.number, dealt.files)
    before.records += dealt.records
    before.bytes += dealt.cut.dealt?.bytes ?? 0
  }
  dealing.atPoint('mid_deal')
  await pieces.sync(names)
  dealing.atPoint('after_deal')
  return { cuts, files }
}

class SourceDealer {
  readonly #dealing: Dealing
  readonly #source: OpenSource
  /** Of the sources before it. */
  readonly #before: { readonly records: number; readonly bytes: number }
  readonly #spools: Spools
  readonly #reader: SourceReader
  #wake: () => void = () => undefined

  constructor(dealing: Dealing, source: OpenSource, before: { readonly records: number; readonly bytes: number }) {
    this.#dealing = dealing
    this.#source = source
    this.#before = { ...before }
    this.#spools = new Spools(dealing, source.node.number)
    const ports = { onReady: () => this.#wake(), onNotice: dealing.onNotice }
    this.#reader = new SourceReader(source, null, ports)
  }

  /** `most`: records. */
  async deal(most: number) {
    const { signal, splits, epoch, onDealt } = this.#dealing
    const { node, source } = this.#source
    const reader = this.#reader
    const splitOf = dealer(node, splits.by, splits.count)
    const stop = () => this.#wake()
    signal.addEventListener('abort', stop)
    try {
      // Its header counts, though none of its records may.
      await reader.begin()
      for (;;) {
        if (signal.aborted) return null
        if (reader.records >= most) reader.end()
        const more = await this.#some(splitOf, most)
        onDealt(this.#before.records + reader.records, this.#before.bytes + (reader.bytes ?? 0))
        if (!more) break
      }
    } catch (thrown) {
      if (signal.aborted) return null
      throw thrown
    } finally {
      signal.removeEventListener('abort', stop)
    }
    const { position, sha256, records } = reader.cursor()
    const { names, ranges } = await this.#spools.finish()
    const input: DealtInput = { position, sha256, names: { ...source.originalNames?.() } }
    const dealt = { by: splits.by, epoch, bytes: reader.bytes ?? 0, input }
    const cut: SourceCut = { source: node.number, ranges, whole: null, dealt }
    return { cut, names, records, files: reader.takeFiles() }
  }

  /** @returns false at its end. */
  async #some(splitOf: ReturnType<typeof dealer>, most: number): Promise<boolean> {
    const reader = this.#reader
    for (let left = RECORDS_AT_ONCE; left > 0 && reader.records < most; left--) {
      const record = this.#next()
      if (record === 'end') return false
      if (record === 'pending') {
        await this.#ready
        if (this.#dealing.signal.aborted) return true
        continue
      }
      this.#spools.add(splitOf(record), spoolLine(reader.records, record))
    }
    await this.#spools.writeSome()
    return !reader.done
  }

  /** Resolved when something may be there after `#next` found nothing. */
  #ready: Promise<void> = Promise.resolve()

  #next() {
    this.#ready = new Promise(resolve => {
      this.#wake = resolve
    })
    return this.#reader.pollRecord()
  }
}

interface Spool {
  readonly hash: Hash
  texts: string[]
  /** Of these. */
  length: number
  records: number
  bytes: number
}

/** Those of one source. */
class Spools {
  readonly #dealing: Dealing
  readonly #source: number
  /** By part. */
  readonly #all = new Map<number, Spool>()
  readonly #full = new Set<number>()
  #kept = 0

  constructor(dealing: Dealing, source: number) {
    this.#dealing = dealing
    this.#source = source
  }

  add(part: number, line: string): void {
    let spool = this.#all.get(part)
    if (spool === undefined) {
      spool = { hash: createHash('sha256'), texts: [], length: 0, records: 0, bytes: 0 }
      this.#all.set(part, spool)
    }
    spool.texts.push(line)
    spool.length += line.length
    spool.records++
    this.#kept += line.length
    if (spool.length >= KEPT_OF_ONE_BYTES) this.#full.add(part)
  }

  async writeSome(): Promise<void> {
    const parts = this.#kept >= KEPT_BYTES ? [...this.#all.keys()] : [...this.#full]
    for (const part of parts) await this.#write(part)
  }

  /** Writes what is left. @returns what each split has, in their order. */
  async finish() {
    const names: PieceName[] = []
    const ranges: PartRange[] = []
    let records_before = 0
    for (const [part, spool] of [...this.#all].sort(([a], [b]) => a - b)) {
      await this.#write(part)
      const { records, bytes, hash } = spool
      names.push(this.#nameOf(part))
      const range = { from: null, to: null, records_before, records, line: 0, bytes, sha256: hash.digest('hex') }
      ranges.push({ part, range, files_before: 0 })
      records_before += records
    }
    return { names, ranges }
  }

  async #write(part: number): Promise<void> {
    const spool = this.#all.get(part)
    if (spool === undefined || spool.length === 0) return
    const bytes = Buffer.from(spool.texts.join(''), 'utf8')
    this.#kept -= spool.length
    this.#full.delete(part)
    spool.texts = []
    spool.length = 0
    await this.#dealing.pieces.write(this.#nameOf(part), spool.bytes, bytes)
    spool.hash.update(bytes)
    spool.bytes += bytes.length
  }

  #nameOf(part: number): PieceName {
    return { part, epoch: this.#dealing.epoch, sink: this.#source }
  }
}
