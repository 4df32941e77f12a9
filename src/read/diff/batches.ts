/** The batches of a run, and who was in them. */
import type { FullEntry, StoredEnding } from '../../ledger/read-port.ts'
import { decodeSubjectEntry } from '../decode.ts'
import { UnsoundRecord } from '../evidence/unsound.ts'
import { BatchNumbers } from '../fold/batches.ts'
import type { Course } from '../fold/course.ts'
import { readable } from '../runs/damaged.ts'
import { tokenName } from '../verify/check.ts'
import { endingsOf } from '../verify/stored-endings.ts'
import type { Side } from './side.ts'

export class Batches {
  readonly numbers: BatchNumbers
  readonly #side: Side
  readonly #rowName: (row: number) => string

  private constructor(side: Side, numbers: BatchNumbers, rowName: (row: number) => string) {
    this.numbers = numbers
    this.#side = side
    this.#rowName = rowName
  }

  /** `rowName`: rows of two runs that stand for each other have the same name. */
  static async of(side: Side, rowName: (row: number) => string): Promise<Batches> {
    return new Batches(side, await BatchNumbers.of(side.reader, side.log, side.topology), rowName)
  }

  async entries(batch: number): Promise<readonly FullEntry[]> {
    const { reader, log } = this.#side
    const full: FullEntry[] = []
    for (const entry of await reader.entriesOfBatch(log, batch))
      full.push({ ...entry, payload: await reader.payload(log, entry.seq) })
    return full
  }

  /** The members in order of arrival, each as the record or the batch that it came from; none while the batch is open. */
  async members({ batch }: Course): Promise<readonly string[]> {
    const { reader, log } = this.#side
    const tokens = batch?.closed?.members ?? []
    const endings = tokens.length === 0 ? new Map<number, StoredEnding>() : await endingsOf(reader, log, tokens)
    const members: string[] = []
    for (const token of tokens) members.push(await this.#origin(token, endings.get(token) ?? null))
    return members
  }

  async #origin(token: number, ending: StoredEnding | null): Promise<string> {
    const { reader, log } = this.#side
    if (ending?.row != null) return this.#rowName(ending.row)
    const seq = ending?.seq ?? (await reader.openToken(log, token))?.seq
    const entry = seq === undefined ? null : await reader.entry(log, seq)
    if (entry === null)
      throw new UnsoundRecord([`no table knows what became of ${tokenName(token)}, a member of a batch`])
    const { subject } = readable(log, () => decodeSubjectEntry(entry.seq, entry.body))
    return subject.kind === 'row' ? this.#rowName(subject.row) : this.numbers.nameOf(subject.batch)
  }
}
