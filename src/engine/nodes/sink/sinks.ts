/**
 * All sinks of a run, as one: they are made durable together, so that a commit has the receipts of all or of none.
 *
 * SINKS-1. `open` comes after the run's first durable entry.
 * SINKS-2. After `flush` each receipt says what is durable; the ledger then commits to exactly these receipts.
 * SINKS-3. `rewind` winds the sinks that were opened back to the receipts of the last commit; a run that is refused while it opens
 *     its outputs has touched no other.
 * SINKS-4. Files are made, replaced and renamed by their names only while this process holds the run: a process that slept longer
 *     than its lease would otherwise meet those of its successor under the same names. What it has open it may still write
 *     to: the successor's files are others, and before it appends to one that both have a sink looks at its lock.
 */
import { CustodyError, isCustodyError } from '../../../model/error.ts'
import type { Row } from '../../../model/row.ts'
import type { Discarded, Receipt, RowError, Sink } from '../../../sdk/spec.ts'
import type { AtPoint } from '../../ports/crash-points.ts'
import { fileAsFolder } from './path-patterns.ts'
import type { Outbound, Output, Receipts, SinkSet } from './sink-set.ts'

const NOTHING_YET: Receipt = { rows: 0, bytes: 0, sha256: null, state: null }

export interface SinksPorts {
  /** Called when some outputs are further than others. */
  readonly atPoint: AtPoint
  /** Makes sure that this process holds the run. @throws CustodyError CUSTODY_RUN_LOST. */
  readonly hold: () => Promise<void>
}

export class Sinks {
  readonly all: readonly Output[]
  readonly #set: SinkSet
  readonly #ports: SinksPorts
  readonly #by_node: ReadonlyMap<number, Sink>

  constructor(set: SinkSet, ports: SinksPorts) {
    this.all = set.all
    this.#set = set
    this.#ports = ports
    this.#by_node = new Map(set.all.map(({ node, sink }) => [node.number, sink]))
  }

  /** `leave_changed`: those that others have changed are left as they are, instead of failing. */
  async open(leave_changed = false): Promise<void> {
    for (const output of this.all) {
      await this.#holdFor(output)
      try {
        await output.sink.open(output.intent, output.receipt)
        output.opened = true
      } catch (error) {
        if (!leave_changed || !isCustodyError(error) || error.code !== 'CUSTODY_OUTPUT_CHANGED') throw error
        output.left = error
      }
      if (output.receipt !== null) this.#ports.atPoint('mid_rewind')
    }
    // A file that was opened to be appended to could be a successor's, if it came just before.
    const [first] = this.all
    if (first !== undefined) await this.#holdFor(first)
  }

  /** A split's piece has its epoch in its name: no successor has one that is called so. */
  async #holdFor({ intent }: Output): Promise<void> {
    if (intent.mode !== 'piece') await this.#ports.hold()
  }

  write(node: number, row: Row): RowError | null {
    const sink = this.#by_node.get(node)
    if (sink === undefined) throw new TypeError(`node ${node} is no sink`)
    return sink.write(row)
  }

  /** What sends the rows of a sink that can't take back what it does; null for others, and where nothing is written. */
  outbound(node: number): Outbound | null {
    return this.#set.outbound.get(node) ?? null
  }

  /** Makes all rows durable. The receipts become the outputs' own only with `accept`, after the ledger's commit. */
  flush(): Promise<Receipts> {
    return this.#receipts(sink => sink.flush())
  }

  /** All rows are there. True if it is known only now where some of them go: it has to be on record before `finish`. */
  async settle(): Promise<boolean> {
    let any = false
    for (const output of this.all) if (isKept(output) && (await output.sink.settle?.()) === true) any = true
    return any
  }

  /** @throws CustodyError CUSTODY_SAME_OUTPUT if a file that rows named is a folder of another one. */
  async finish(): Promise<Receipts> {
    const receipts = await this.#receipts(sink => sink.finish())
    const named = [...receipts.values()].flatMap(({ files = [] }) => files.map(({ path }) => path))
    const both = fileAsFolder(named)
    if (both === null) return receipts
    const hint = 'Give each sink a folder of its own, in a new run; give this one up with `custody abandon`.'
    const message = `rows have named ${both} as a file of one sink, and as a folder of another one’s`
    throw new CustodyError('CUSTODY_SAME_OUTPUT', message, { where: { path: both }, hint })
  }

  accept(receipts: Receipts): void {
    for (const output of this.all) output.receipt = receiptOf(receipts, output)
  }

  async publish(): Promise<void> {
    for (const output of this.all) {
      if (!isKept(output)) continue
      await this.#ports.hold()
      const published = await output.sink.publish()
      output.artifacts = published === null ? null : [published].flat()
      this.#ports.atPoint('mid_publish')
    }
  }

  /**
   * Takes back what the run has written, as far as nobody else touched it; nothing is published then. By sink, what became of
   * each that has a file.
   */
  async discard(): Promise<ReadonlyMap<string, Discarded>> {
    for (const output of this.all) {
      if (output.intent.path === null || output.discarded !== null) continue
      await this.#ports.hold()
      const became = (await output.sink.discard?.()) ?? { kind: 'left', why: 'its sink can’t take it back' }
      output.discarded = output.left === null ? became : { kind: 'left', why: output.left.message }
    }
    return this.discarded
  }

  /** By sink, what became of what isn't wanted. */
  get discarded(): ReadonlyMap<string, Discarded> {
    return new Map(this.all.flatMap(({ node, discarded }) => (discarded === null ? [] : [[node.name, discarded]])))
  }

  /** What sinks have people know of how they write, each after its name. */
  get warnings(): readonly string[] {
    return this.all.flatMap(({ node, sink }) => (sink.warnings?.() ?? []).map(each => `${node.name}: ${each}`))
  }

  /** Winds every sink back to its last receipt. Asks nobody: sinks touch only what they have opened themselves. */
  async rewind(): Promise<void> {
    for (const { opened, sink, intent, receipt } of this.all) if (opened) await sink.open(intent, receipt)
  }

  close(): Promise<void> {
    return this.#set.close()
  }

  /** Waits for all before it fails, so that none is still writing when the sinks are wound back. */
  async #receipts(of: (sink: Sink) => Promise<Receipt>): Promise<Receipts> {
    const settled = await Promise.allSettled(
      this.all.map(async (output): Promise<[string, Receipt]> => {
        if (!isKept(output)) return [output.node.name, output.receipt ?? NOTHING_YET]
        const receipt = await of(output.sink)
        this.#ports.atPoint('mid_flush')
        return [output.node.name, receipt]
      }),
    )
    for (const each of settled) {
      if (each.status !== 'rejected') continue
      // What looks like others' doing may be that of a process that has taken the run over.
      if (isCustodyError(each.reason) && each.reason.code === 'CUSTODY_OUTPUT_CHANGED') await this.#ports.hold()
      throw each.reason
    }
    return new Map(settled.flatMap(each => (each.status === 'fulfilled' ? [each.value] : [])))
  }
}

/** Whether what the run writes there is wanted, and can be written. */
export function isKept({ left, discarded }: Output): boolean {
  return left === null && discarded === null
}

/** @throws TypeError if its sink gave none. */
export function receiptOf(receipts: Receipts, { node }: Output): Receipt {
  const receipt = receipts.get(node.name)
  if (receipt === undefined) throw new TypeError(`there is no receipt of sink ${node.name}`)
  return receipt
}
