/**
 * The digest of what a split came to (format/result-digest.ts), made while it is worked on. Of most rows all stands in the one entry that they
 * have, and these come in order of their numbers, so that their lines are at hand in the order in which they are hashed. Of those that wait, as
 * in batches, what was added is kept until they are over. All others are read back when
 * the split is done: there is no state of it that a crash could lose, or that could differ from the log (I6).
 *
 * SPLIT-DIGEST-1. A block is hashed from entries as they are made only if all entries of each of its rows were seen; else from the log.
 * SPLIT-DIGEST-2. Nothing is kept of a row that is over but its part of a block's hash; of others so much, and beyond that their numbers.
 */
import type { OriginFact } from '../../format/entry.ts'
import {
  BLOCK_LINES,
  blockHash,
  type LinesDigest,
  lineText,
  splitDigest,
  treeRoot,
} from '../../format/result-digest.ts'
import type { Topology } from '../../format/topology.ts'
import type { FullEntry } from '../../ledger/read-port.ts'
import { addValues } from '../../ledger/write/decode.ts'
import type { RunReader, SubjectDraft } from '../../ledger/write-port.ts'
import { canonicalize } from '../../model/canonical.ts'
import type { Json } from '../../model/row.ts'
import type { Hash } from '../../model/sha256.ts'
import { onRecord } from '../record/on-record.ts'
import type { StoredStep } from '../resume/restored-subject.ts'
import { stepsOf, storyOf } from '../resume/story.ts'
import { DigestLines } from './digest-line.ts'

/** What a split had when this process took it. */
export interface DigestBefore {
  readonly rows: number
  readonly batches: number
}

/** Has the split's log read, all of which is durable. */
export type SeeSplit = (look: (reader: RunReader, log: number) => Promise<void>) => Promise<void>

export class SplitDigest {
  readonly #topology: Topology
  readonly #lines: DigestLines
  readonly #before: DigestBefore
  readonly #see: SeeSplit
  readonly #most_units: number
  readonly #rows: Blocks
  /** By the name of the aggregate. */
  #batches = new Map<string, Blocks>()
  #last_batch: number
  /** What was added of rows and batches that aren't over, the first of them first; under the number of a batch its negative. */
  readonly #open = new Map<number, SubjectDraft[]>()
  #open_units = 0

  constructor(topology: Topology, before: DigestBefore, see: SeeSplit, most_units = MOST_UNITS) {
    this.#topology = topology
    this.#lines = new DigestLines(topology)
    this.#before = before
    this.#see = see
    this.#most_units = most_units
    this.#rows = new Blocks(most_units)
    this.#last_batch = before.batches
    for (let row = 1; row <= before.rows; row++) this.#rows.skip(row)
  }

  /** The next entry of a row or a batch: first entries come in order of their numbers. */
  add(draft: SubjectDraft): void {
    const { subject, previous, origin, closes } = draft
    const number = subject.kind === 'row' ? subject.row : -subject.batch
    if (previous !== null || origin === null) return this.#goOn(number, draft)
    const line = closes ? (this.#lines.ofOne(draft, origin) ?? this.#lineIn([draft], origin)) : null
    if (line === null) this.#keep(number, [draft], draft)
    if (subject.kind === 'row') return this.#rows.add(number, line)
    this.#last_batch = subject.batch
    this.#blocksOf(origin).add(number, line)
  }

  /** Those of which not all was seen are read back. */
  #goOn(number: number, draft: SubjectDraft): void {
    const drafts = this.#open.get(number)
    const origin = drafts?.[0]?.origin
    if (drafts === undefined || origin == null) return
    drafts.push(draft)
    if (!draft.closes) return this.#keep(number, drafts, draft)
    this.#forget(number, drafts)
    const blocks = number > 0 ? this.#rows : this.#blocksOf(origin)
    blocks.fill(number, this.#lineIn(drafts, origin))
  }

  #keep(number: number, drafts: SubjectDraft[], draft: SubjectDraft): void {
    this.#open.set(number, drafts)
    this.#open_units += unitsOf(draft)
    for (const [first, its] of this.#open) {
      if (this.#open_units <= this.#most_units) return
      this.#forget(first, its)
    }
  }

  #forget(number: number, drafts: readonly SubjectDraft[]): void {
    if (!this.#open.delete(number)) return
    for (const each of drafts) this.#open_units -= unitsOf(each)
  }

  #lineIn(drafts: readonly SubjectDraft[], origin: OriginFact): string {
    return this.#lines.line(origin, drafts, value => {
      const draft = drafts.find(({ first_value, values }) => value - first_value < values.length)
      return onRecord(draft?.values[value - draft.first_value], `value ${value}`).text
    })
  }

  get readsLog(): boolean {
    return this.#before.batches > 0 || [this.#rows, ...this.#batches.values()].some(each => each.lacksLines)
  }

  /** Where it `readsLog`, all that was added is durable. */
  async close(): Promise<Hash> {
    if (this.#before.batches > 0) {
      this.#batches = new Map()
      await this.#see((reader, log) => this.#readBatches(reader, log))
    }
    const all = [this.#rows, ...this.#batches.values()]
    for (const each of all) each.end()
    if (all.some(each => each.unread.size > 0)) await this.#see((reader, log) => this.#readBack(reader, log))
    const batches = [...this.#batches].map(([name, of]) => [name, of.digest()] as const)
    return splitDigest(this.#rows.digest(), new Map(batches))
  }

  /** All of them: which aggregate one is of, its first entry says. */
  async #readBatches(reader: RunReader, log: number): Promise<void> {
    for (let batch = 1; batch <= this.#last_batch; batch++) {
      const steps = await batchOf(reader, log, batch)
      this.#blocksOf(originOf(steps)).add(-batch, this.#lineOf(steps))
    }
  }

  async #readBack(reader: RunReader, log: number): Promise<void> {
    for (const [block, { numbers }] of this.#rows.unread) {
      const lines = (await rowsOf(reader, log, numbers)).map(steps => lineText(this.#lineOf(steps)))
      this.#rows.put(block, lines)
    }
    for (const blocks of this.#batches.values())
      for (const [block, { numbers }] of blocks.unread) {
        const lines: string[] = []
        for (const number of numbers) lines.push(lineText(this.#lineOf(await batchOf(reader, log, -number))))
        blocks.put(block, lines)
      }
  }

  #lineOf(steps: readonly StoredStep[]): string {
    const values = new Map<number, Json>()
    for (const { entry, payload, place } of steps) addValues(values, entry, payload, place)
    const textOf = (value: number) => canonicalize(onRecord(values.get(value), `value ${value}`))
    return this.#lines.line(
      originOf(steps),
      steps.map(({ entry }) => entry),
      textOf,
    )
  }

  #blocksOf({ source }: OriginFact): Blocks {
    const { name } = onRecord(this.#topology.nodes[source - 1], `node ${source}`)
    const known = this.#batches.get(name) ?? new Blocks(this.#most_units)
    this.#batches.set(name, known)
    return known
  }
}

const originOf = (steps: readonly StoredStep[]) => onRecord(steps[0]?.entry.origin, 'origin of a row or batch')

async function batchOf(reader: RunReader, log: number, batch: number): Promise<readonly StoredStep[]> {
  return storyOf(reader, log, await reader.entriesOfBatch(log, batch))
}

/** `rows`: one behind the other. */
async function rowsOf(
  reader: RunReader,
  log: number,
  rows: readonly number[],
): Promise<ReadonlyArray<readonly StoredStep[]>> {
  const found = new Map<number, FullEntry[]>()
  for (const each of await reader.entriesOfRows(log, rows[0] ?? 0, rows.at(-1) ?? 0)) {
    const own = found.get(each.row ?? 0)
    if (own === undefined) found.set(each.row ?? 0, [each])
    else own.push(each)
  }
  return rows.map(row => stepsOf(log, onRecord(found.get(row), `row ${row}`)))
}

/** So much is kept of rows and batches that aren't over; and of blocks that wait for lines of theirs. In UTF-16 units. */
const MOST_UNITS = 8 * 1024 * 1024
/** A draft takes twice as much beside the texts of its values, and so much for each visit. */
const DRAFT_UNITS = 100

function unitsOf({ values, visits }: SubjectDraft): number {
  return values.reduce((sum, { text }) => sum + text.length, DRAFT_UNITS * (2 + visits.length))
}

/** Rows or batches, one behind another. */
interface Block {
  /** Its place, from 0. */
  readonly at: number
  readonly numbers: number[]
  /** null: it isn't known yet. */
  readonly lines: (string | null)[]
  missing: number
}

/** Lines, in blocks. */
class Blocks {
  /** Those that are full, or the last, and lack lines. */
  readonly unread = new Map<number, Block>()
  readonly #hashes: Hash[] = []
  /** By the number of what lacks its line, as long as it may come. */
  readonly #missing = new Map<number, Block>()
  #count = 0
  #now = newBlock(0)
  /** Among `unread`, those that wait for lines; and how much is in them. */
  readonly #waiting = new Set<Block>()
  #units = 0
  readonly #most_units: number

  constructor(most_units: number) {
    this.#most_units = most_units
  }

  add(number: number, line: string | null): void {
    if (line === null) this.#missing.set(number, this.#now)
    this.#push(number, line)
  }

  /** What nobody will say the line of. */
  skip(number: number): void {
    this.#push(number, null)
  }

  #push(number: number, line: string | null): void {
    const { numbers, lines } = this.#now
    this.#count++
    numbers.push(number)
    lines.push(line === null ? null : lineText(line))
    if (line === null) this.#now.missing++
    if (numbers.length === BLOCK_LINES) this.end()
  }

  /** The line of what had none when it was added. */
  fill(number: number, line: string): void {
    const block = this.#missing.get(number)
    if (block === undefined) return
    this.#missing.delete(number)
    const text = lineText(line)
    block.lines[block.numbers.indexOf(number)] = text
    block.missing--
    if (block === this.#now) return
    this.#units += text.length
    if (block.missing > 0) return this.#giveUp()
    this.#units -= unitsIn(block)
    this.#waiting.delete(block)
    this.unread.delete(block.at)
    this.put(block.at, block.lines)
  }

  get lacksLines(): boolean {
    return this.unread.size > 0 || this.#now.missing > 0
  }

  /** Whatever follows is in another block. */
  end(): void {
    const block = this.#now
    if (block.numbers.length === 0) return
    this.#now = newBlock(block.at + 1)
    if (block.missing === 0) return this.put(block.at, block.lines)
    this.#hashes[block.at] = ''
    this.unread.set(block.at, block)
    this.#waiting.add(block)
    this.#units += unitsIn(block)
    this.#giveUp()
  }

  /** Of those that wait longest the lines are forgotten. */
  #giveUp(): void {
    for (const block of this.#waiting) {
      if (this.#units <= this.#most_units) return
      this.#waiting.delete(block)
      this.#units -= unitsIn(block)
      block.lines.length = 0
      for (const number of block.numbers) this.#missing.delete(number)
    }
  }

  /** `lines`: as they stand in blocks. */
  put(block: number, lines: readonly (string | null)[]): void {
    this.#hashes[block] = blockHash(lines.join(''))
  }

  digest(): LinesDigest {
    return [this.#count, treeRoot(this.#hashes)]
  }
}

function newBlock(at: number): Block {
  return { at, numbers: [], lines: [], missing: 0 }
}

function unitsIn({ lines }: Block): number {
  return lines.reduce((sum, line) => sum + (line?.length ?? 0), 0)
}
