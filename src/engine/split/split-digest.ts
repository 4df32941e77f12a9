/**
 * The digest of what a split came to (format/result-digest.ts), made while it is worked on. Of most rows all stands in the one entry that they
 * have, and these come in order of their numbers, so that their lines are at hand in the order in which they are hashed. All others are read back when
 * the split is done: there is no state of it that a crash could lose, or that could differ from the log (I6).
 *
 * SPLIT-DIGEST-1. A block is hashed from entries as they are made only if each of its lines stands in one entry; else from the log.
 * SPLIT-DIGEST-2. Nothing is kept of a row but its part of a block's hash, and of one that is read back its number.
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
  readonly #rows = new Blocks()
  /** By the name of the aggregate. */
  #batches = new Map<string, Blocks>()
  #last_batch: number

  constructor(topology: Topology, before: DigestBefore, see: SeeSplit) {
    this.#topology = topology
    this.#lines = new DigestLines(topology)
    this.#before = before
    this.#see = see
    this.#last_batch = before.batches
    for (let row = 1; row <= before.rows; row++) this.#rows.add(row, null)
  }

  /** The next entry of a row or a batch: first entries come in order of their numbers. */
  add(draft: SubjectDraft): void {
    const { subject, previous, origin, closes } = draft
    // Those that have had an entry are read back.
    if (previous !== null || origin === null) return
    const line = closes ? (this.#lines.ofOne(draft, origin) ?? this.#lineIn(draft, origin)) : null
    if (subject.kind === 'row') return this.#rows.add(subject.row, line)
    this.#last_batch = subject.batch
    this.#blocksOf(origin).add(subject.batch, line)
  }

  #lineIn(draft: SubjectDraft, origin: OriginFact): string {
    const { first_value, values } = draft
    return this.#lines.line(origin, [draft], value => onRecord(values[value - first_value], `value ${value}`).text)
  }

  /** All that was added is durable. */
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
      this.#blocksOf(originOf(steps)).add(batch, this.#lineOf(steps))
    }
  }

  async #readBack(reader: RunReader, log: number): Promise<void> {
    for (const [block, rows] of this.#rows.unread) {
      const lines = (await rowsOf(reader, log, rows)).map(steps => this.#lineOf(steps))
      this.#rows.put(block, lines)
    }
    for (const blocks of this.#batches.values())
      for (const [block, batches] of blocks.unread) {
        const lines: string[] = []
        for (const batch of batches) lines.push(this.#lineOf(await batchOf(reader, log, batch)))
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
    const known = this.#batches.get(name) ?? new Blocks()
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

/** Lines, in blocks. */
class Blocks {
  /** By its place, from 0, numbers of the rows or batches of a block whose hash isn't known. */
  readonly unread = new Map<number, readonly number[]>()
  readonly #hashes: Hash[] = []
  #count = 0
  /** Of the block in hand. */
  #numbers: number[] = []
  #text = ''
  #is_known = true

  /** `line`: null if not all that is in it is known. */
  add(number: number, line: string | null): void {
    this.#count++
    this.#numbers.push(number)
    if (line === null) this.#is_known = false
    else if (this.#is_known) this.#text += lineText(line)
    if (this.#numbers.length === BLOCK_LINES) this.end()
  }

  /** Whatever follows is in another block. */
  end(): void {
    if (this.#numbers.length === 0) return
    if (!this.#is_known) this.unread.set(this.#hashes.length, this.#numbers)
    this.#hashes.push(this.#is_known ? blockHash(this.#text) : '')
    this.#numbers = []
    this.#text = ''
    this.#is_known = true
  }

  put(block: number, lines: readonly string[]): void {
    this.#hashes[block] = blockHash(lines.map(lineText).join(''))
  }

  digest(): LinesDigest {
    return [this.#count, treeRoot(this.#hashes)]
  }
}
