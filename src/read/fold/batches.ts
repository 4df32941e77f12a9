/** The batches of a run: in another run, and in its own, they are found by aggregate and place among its batches. Only numbers are kept. */
import type { Topology } from '../../format/topology.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { partOf } from '../../model/part-ids.ts'
import { batchCourses } from './read-course.ts'

export class BatchNumbers {
  readonly #by_node = new Map<string, number[]>()
  /** By number of the batch: its aggregate and place there, as text. */
  readonly #names = new Map<number, string>()

  /** Reads the entries of batches once. */
  static async of(
    reader: Pick<LedgerReader, 'entriesOfBatches'>,
    log: number,
    topology: Topology,
  ): Promise<BatchNumbers> {
    const batches = new BatchNumbers()
    for await (const { first, batch } of batchCourses(reader, log, topology)) {
      if (first?.subject.kind !== 'batch') continue
      const number = first.subject.batch
      const name = batch?.node?.name ?? '?'
      const own = batches.#by_node.get(name) ?? []
      batches.#by_node.set(name, own)
      own.push(number)
      batches.#names.set(number, `${name} ${own.length}`)
    }
    return batches
  }

  /** Those of a part of a run with splits. */
  inPart(part: number): BatchNumbers {
    const own = new BatchNumbers()
    for (const [node, numbers] of this.#by_node)
      own.#by_node.set(
        node,
        numbers.filter(each => partOf(each) === part),
      )
    return own
  }

  /** Names of aggregates that have any. */
  get nodes(): Iterable<string> {
    return this.#by_node.keys()
  }

  /** In order of opening. */
  at(node: string): readonly number[] {
    return this.#by_node.get(node) ?? []
  }

  /** The same in every run of the same data. */
  nameOf(batch: number): string {
    return this.#names.get(batch) ?? '?'
  }
}
