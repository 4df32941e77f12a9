/**
 * All sinks of a run, as one: they are made durable together, so that a commit has the receipts of all or of none.
 *
 * O1. `prepare` touches nothing; `open` comes after the run's first durable entry.
 * O2. After `flush` each receipt says what is durable; the ledger then commits to exactly these receipts.
 * O3. `rewind` winds all sinks back to the receipts of the last commit.
 * O4. Files are made, replaced and renamed by their names only while this process holds the run: a process that slept longer
 *     than its lease would otherwise meet those of its successor under the same names. What it has open it may still write
 *     to: the successor's files are others.
 */
import type { SinkIntents } from '../model/entry.ts'
import { CustodyError } from '../model/error.ts'
import type { Row } from '../model/row.ts'
import type { Plan, SinkNode } from '../plan/plan.ts'
import type {
  Artifact,
  OutboundSink,
  Receipt,
  RowError,
  SendBatch,
  Sink,
  SinkContext,
  SinkIntent,
} from '../sdk/spec.ts'
import type { FilesInUse } from './files-in-use.ts'
import type { AtPoint } from './points.ts'

export interface Output {
  readonly node: SinkNode
  readonly sink: Sink
  intent: SinkIntent
  /** Of the last commit; null before the first. */
  receipt: Receipt | null
  artifact: Artifact | null
}

/** What sends the rows of a sink that can't take back what it does. */
export interface Outbound {
  readonly sink: OutboundSink
  /** Whether a request may be sent twice. */
  readonly idempotent: boolean
  /** null: a request has one row. */
  readonly batch: SendBatch | null
}

export interface OutputsRequest {
  /** Nothing is written. */
  readonly dry_run: boolean
  /** Absolute: relative paths start here. */
  readonly folder: string
  readonly originalNames: SinkContext['originalNames']
  readonly placed: SinkContext['placed']
  readonly in_use: FilesInUse
}

const NOWHERE: SinkIntent = { path: null, mode: 'stream', prior_bytes: 0, prior_sha256: null, staged: null }
const SENT: SinkIntent = { ...NOWHERE, mode: 'send' }

export class Outputs {
  readonly all: readonly Output[]
  /** Told when some outputs are further than others. */
  atPoint: AtPoint = () => undefined
  /** Makes sure that this process holds the run. @throws CustodyError CUSTODY_RUN_LOST. */
  hold: () => Promise<void> = async () => undefined
  readonly #by_node = new Map<number, Sink>()
  readonly #outbound: ReadonlyMap<number, Outbound>

  private constructor(all: readonly Output[], outbound: ReadonlyMap<number, Outbound>) {
    this.all = all
    this.#outbound = outbound
    for (const output of all) this.#by_node.set(output.node.number, output.sink)
  }

  /**
   * Creates the sinks and finds out where they will write: never to a file of `in_use`.
   * @throws CustodyError of the sink, or CUSTODY_SAME_OUTPUT.
   */
  static async prepare(
    plan: Plan,
    { dry_run, folder, originalNames, placed, in_use }: OutputsRequest,
  ): Promise<Outputs> {
    const all: Output[] = []
    const outbound = new Map<number, Outbound>()
    const owners = new Map<string, string>()
    for (const node of plan.nodes) {
      if (node.kind !== 'sink') continue
      const context = { ...contextOf(node, folder, originalNames), placed }
      const sink = dry_run ? countingSink(NOWHERE) : await create(node, context, outbound)
      const intent = dry_run ? NOWHERE : await sink.prepare()
      for (const path of [intent.path, intent.staged]) {
        if (path === null) continue
        const used = in_use.get(path)
        if (used !== undefined) throw sameOutput(node, `sink \`${node.name}\` would write to ${path}, ${used}`)
        const owner = owners.get(path)
        if (owner !== undefined)
          throw sameOutput(node, `sinks \`${owner}\` and \`${node.name}\` would both write ${path}`)
        owners.set(path, node.name)
      }
      all.push({ node, sink, intent, receipt: null, artifact: null })
    }
    return new Outputs(all, outbound)
  }

  /** The sinks of a run that goes on: where they write, and what they have durably, is known. */
  static async restore(
    plan: Plan,
    intents: SinkIntents,
    receipts: ReadonlyMap<string, Receipt>,
    originalNames: SinkContext['originalNames'],
  ): Promise<Outputs> {
    const all: Output[] = []
    const outbound = new Map<number, Outbound>()
    for (const node of plan.nodes) {
      if (node.kind !== 'sink') continue
      const context = contextOf(node, plan.folder, originalNames)
      const sink = await create(node, context, outbound)
      all.push({
        node,
        sink,
        intent: intents[node.name] ?? NOWHERE,
        receipt: receipts.get(node.name) ?? null,
        artifact: null,
      })
    }
    return new Outputs(all, outbound)
  }

  async open(): Promise<void> {
    for (const output of this.all) {
      await this.hold()
      await output.sink.open(output.intent, output.receipt)
      if (output.receipt !== null) this.atPoint('mid_rewind')
    }
    // A file that was opened to be appended to could be a successor's, if it came just before.
    await this.hold()
  }

  write(node: number, row: Row): RowError | null {
    const sink = this.#by_node.get(node)
    if (sink === undefined) throw new TypeError(`node ${node} is no sink`)
    return sink.write(row)
  }

  /** What sends the rows of a sink that can't take back what it does; null for others, and where nothing is written. */
  outbound(node: number): Outbound | null {
    return this.#outbound.get(node) ?? null
  }

  /** Makes all rows durable. The receipts become the outputs' own only with `accept`, after the ledger's commit. */
  flush(): Promise<Receipt[]> {
    return settleAll(this.all.map(output => this.#told(output.sink.flush())))
  }

  finish(): Promise<Receipt[]> {
    return settleAll(this.all.map(output => this.#told(output.sink.finish())))
  }

  accept(receipts: readonly Receipt[]): void {
    for (const [i, output] of this.all.entries()) output.receipt = receipts[i] ?? null
  }

  async publish(): Promise<void> {
    for (const output of this.all) {
      await this.hold()
      output.artifact = await output.sink.publish()
      this.atPoint('mid_publish')
    }
  }

  /** Winds every sink back to its last receipt. Asks nobody: sinks touch only what they have opened themselves. */
  async rewind(): Promise<void> {
    for (const output of this.all) {
      await output.sink.close()
      await output.sink.open(output.intent, output.receipt)
    }
  }

  async #told(flushed: Promise<Receipt>): Promise<Receipt> {
    const receipt = await flushed
    this.atPoint('mid_flush')
    return receipt
  }

  async close(): Promise<void> {
    for (const output of this.all) await output.sink.close()
    for (const { sink } of this.#outbound.values()) await sink.close?.()
  }
}

/** What sends goes into `outbound`; the rows that it sent are counted like those that others write. */
async function create(node: SinkNode, context: SinkContext, outbound: Map<number, Outbound>): Promise<Sink> {
  const { spec, options } = node.plugin
  if (spec.delivery !== 'outbound') return spec.create(options, context)
  const batch = spec.batch?.(options) ?? null
  outbound.set(node.number, { sink: await spec.create(options, context), idempotent: spec.idempotent(options), batch })
  return countingSink(SENT)
}

function contextOf(node: SinkNode, folder: string, originalNames: SinkContext['originalNames']): SinkContext {
  return { node: node.name, folder, input: node.input, secrets: node.plugin.secrets, originalNames, placed: null }
}

function sameOutput(node: SinkNode, message: string): CustodyError {
  return new CustodyError('CUSTODY_SAME_OUTPUT', message, { where: { node: node.name } })
}

/** Waits for all before it fails, so that none is still writing when the sinks are wound back. */
async function settleAll(work: readonly Promise<Receipt>[]): Promise<Receipt[]> {
  const settled = await Promise.allSettled(work)
  return settled.map(each => {
    if (each.status === 'rejected') throw each.reason
    return each.value
  })
}

/** Counts rows and keeps none: of `--dry-run`, and of sinks that send. */
function countingSink(intent: SinkIntent): Sink {
  let rows = 0
  const receipt = async (): Promise<Receipt> => ({ rows, bytes: 0, sha256: null, state: null })
  return {
    prepare: async () => intent,
    open: async (_intent, at) => {
      rows = at?.rows ?? 0
    },
    write: () => {
      rows++
      return null
    },
    flush: receipt,
    finish: receipt,
    publish: async () => null,
    close: async () => undefined,
  }
}
