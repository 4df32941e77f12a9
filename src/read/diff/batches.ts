/** The batches of a run by node, and who was in them: found again in another run by node and place. */
import { GROUP_KINDS } from '../../format/entry.ts'
import type { FullEntry } from '../../ledger/read-port.ts'
import { decodeSubjectEntry } from '../decode.ts'
import { UnsoundRecord } from '../evidence/unsound.ts'
import { readable } from '../runs/run-log.ts'
import { tokenName } from '../verify/check.ts'
import { recordOf, type Side } from './side.ts'
import { nameOf } from './tale.ts'

export interface Batch {
  readonly batch: number
}

export class Batches {
  readonly #side: Side
  readonly #by_node = new Map<string, Batch[]>()
  /** By number of the batch: its node and place, as text. */
  readonly #names = new Map<number, string>()
  #open_tokens: ReadonlyMap<number, number> | null = null

  private constructor(side: Side) {
    this.#side = side
  }

  /** Reads the entries of the run that are of no row. */
  static async of(side: Side): Promise<Batches> {
    const { reader, log, topology } = side
    /** By batch, the name of its node. */
    const found = new Map<number, string>()
    if (side.batches > 0)
      for await (const { seq, body } of reader.entriesOfBatches(log)) {
        const { subject, groups_opened } = readable(log, () => decodeSubjectEntry(seq, body))
        if (subject.kind !== 'batch') continue
        const opened = groups_opened.find(({ kind }) => GROUP_KINDS[kind] === 'batch')
        if (!found.has(subject.batch)) found.set(subject.batch, nameOf(topology, opened?.node ?? 0))
      }
    const batches = new Batches(side)
    for (const [batch, node] of [...found].sort(([a], [b]) => a - b)) batches.#add(batch, node)
    return batches
  }

  #add(batch: number, node: string): void {
    const own = this.#by_node.get(node) ?? []
    this.#by_node.set(node, own)
    own.push({ batch })
    this.#names.set(batch, `${node} ${own.length}`)
  }

  get nodes(): Iterable<string> {
    return this.#by_node.keys()
  }

  /** In order of opening. */
  at(node: string): readonly Batch[] {
    return this.#by_node.get(node) ?? []
  }

  async entries({ batch }: Batch): Promise<readonly FullEntry[]> {
    const { reader, log } = this.#side
    const full: FullEntry[] = []
    for (const entry of await reader.entriesOfBatch(log, batch))
      full.push({ ...entry, payload: await reader.payload(log, entry.seq) })
    return full
  }

  /** The members in order of arrival, each as the record or the batch that it came from; empty while the batch is open. */
  async members(entries: readonly FullEntry[]): Promise<readonly string[]> {
    const { log } = this.#side
    const decoded = entries.map(({ seq, body }) => readable(log, () => decodeSubjectEntry(seq, body)))
    const opened = decoded.flatMap(each => each.groups_opened).find(({ kind }) => GROUP_KINDS[kind] === 'batch')
    const closed = decoded.flatMap(each => each.groups_closed).find(({ group }) => group === opened?.group)
    const members: string[] = []
    for (const token of closed?.members ?? []) members.push(await this.#comesOf(token))
    return members
  }

  async #comesOf(token: number): Promise<string> {
    const side = this.#side
    const { reader, log } = side
    const ending = await reader.ending(log, token)
    if (ending?.row != null) return rowName(side, ending.row)
    const seq = ending?.seq ?? (await this.#open()).get(token)
    const entry = seq === undefined ? null : await reader.entry(log, seq)
    if (entry === null)
      throw new UnsoundRecord([`no table knows what became of ${tokenName(token)}, a member of a batch`])
    const { subject } = readable(log, () => decodeSubjectEntry(entry.seq, entry.body))
    return subject.kind === 'row' ? rowName(side, subject.row) : (this.#names.get(subject.batch) ?? '?')
  }

  async #open(): Promise<ReadonlyMap<number, number>> {
    const { reader, log } = this.#side
    this.#open_tokens ??= new Map((await reader.openTokens(log)).map(each => [each.token, each.seq] as const))
    return this.#open_tokens
  }
}

/** Names of nodes have no space, so that rows and batches can't be mistaken for each other: no source is an aggregate. */
function rowName(side: Side, row: number): string {
  const record = recordOf(side, row)
  return record === null ? '?' : `${record.source} ${record.index}`
}
