/**
 * All sinks of a run, as one: they are made durable together, so that a commit has the receipts of all or of none.
 *
 * O1. `prepare` touches nothing; `open` comes after the run's first durable entry.
 * O2. After `flush` each receipt says what is durable; the ledger then commits to exactly these receipts.
 * O3. `rewind` winds the sinks that were opened back to the receipts of the last commit; a run that is refused while it opens
 *     its outputs has touched no other.
 * O4. Files are made, replaced and renamed by their names only while this process holds the run: a process that slept longer
 *     than its lease would otherwise meet those of its successor under the same names. What it has open it may still write
 *     to: the successor's files are others, and before it appends to one that both have a sink looks at its lock.
 */
import type { SinkIntents } from '../../../format/entry.ts'
import { CustodyError, isCustodyError } from '../../../model/error.ts'
import type { Row } from '../../../model/row.ts'
import type { Plan, SinkNode } from '../../../plan/plan.ts'
import type {
  Artifact,
  Discarded,
  OutboundSink,
  Receipt,
  RowError,
  SendBatch,
  Sink,
  SinkContext,
  SinkIntent,
} from '../../../sdk/spec.ts'
import type { AtPoint } from '../../ports/crash-points.ts'
import { onRecord } from '../../record/on-record.ts'
import { Created } from '../created.ts'
import { FilesInUse } from './files-in-use.ts'

export interface Output {
  readonly node: SinkNode
  readonly sink: Sink
  readonly intent: SinkIntent
  /** Of the last commit; null before the first. */
  receipt: Receipt | null
  artifact: Artifact | null
  /** Whether this process has opened it: nothing else is wound back. */
  opened: boolean
  /** Why it is left as it is, not written to any more and not published; null if it isn't. */
  left: CustodyError | null
  /** What became of it, where the run's output isn't wanted. */
  discarded: Discarded | null
}

/** Of each sink, by name. */
export type Receipts = ReadonlyMap<string, Receipt>

/** What sends the rows of a sink that can't take back what it does. */
export interface Outbound {
  readonly sink: OutboundSink
  /** Whether a request may be sent twice. */
  readonly idempotent: boolean
  /** null: a request has one row. */
  readonly batch: SendBatch | null
}

export interface SinksRequest {
  readonly run: string
  /** Nothing is written. */
  readonly dry_run: boolean
  /** Absolute: relative paths start here. */
  readonly folder: string
  readonly originalNames: SinkContext['originalNames']
  readonly placed: SinkContext['placed']
  readonly in_use: FilesInUse
}

const NOWHERE: SinkIntent = {
  path: null,
  mode: 'stream',
  prior_bytes: 0,
  prior_sha256: null,
  staged: null,
  replaced: null,
}
const SENT: SinkIntent = { ...NOWHERE, mode: 'send' }
const NOTHING_YET: Receipt = { rows: 0, bytes: 0, sha256: null, state: null }

/** Where each sink writes, and what it has durably. */
type Found = (node: SinkNode, sink: Sink) => Promise<{ readonly intent: SinkIntent; readonly receipt: Receipt | null }>

export class Sinks {
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
   * Creates the sinks and finds out where they will write: never to a file of `in_use`, and never two to one.
   * @throws CustodyError of the sink, or CUSTODY_SAME_OUTPUT.
   */
  static prepare(plan: Plan, request: SinksRequest): Promise<Sinks> {
    const { dry_run, in_use } = request
    const written = new FilesInUse()
    return Sinks.#create(plan, request, async ({ name }, sink) => {
      const intent = dry_run ? NOWHERE : await sink.prepare()
      for (const path of [intent.path, intent.staged]) {
        if (path === null) continue
        const used = in_use.find(path)
        if (used !== null) throw sameOutput(name, `sink \`${name}\` would write to ${path}, ${used}`)
        const owner = written.find(path)
        if (owner !== null) throw sameOutput(name, `sinks ${owner} and \`${name}\` would both write ${path}`)
      }
      for (const path of [intent.path, intent.staged]) if (path !== null) written.add(path, `\`${name}\``)
      return { intent, receipt: null }
    })
  }

  /** The sinks of a run that goes on: where they write, and what they have durably, is known. */
  static restore(
    plan: Plan,
    request: Omit<SinksRequest, 'dry_run' | 'in_use'>,
    intents: SinkIntents,
    receipts: Receipts,
  ): Promise<Sinks> {
    return Sinks.#create(plan, { ...request, dry_run: false }, async ({ name }) => ({
      intent: onRecord(intents[name], `path of sink ${name} in its first entry`),
      // None before the first commit.
      receipt: receipts.get(name) ?? null,
    }))
  }

  static async #create(plan: Plan, request: Omit<SinksRequest, 'in_use'>, find: Found): Promise<Sinks> {
    const created = new Created()
    return created.closedOnFailure(async () => {
      const all: Output[] = []
      const outbound = new Map<number, Outbound>()
      for (const node of plan.nodes) {
        if (node.kind !== 'sink') continue
        const sink = request.dry_run
          ? countingSink(NOWHERE)
          : await create(node, contextOf(node, request), outbound, created)
        const found = await find(node, created.add(sink))
        all.push({ node, sink, ...found, artifact: null, opened: false, left: null, discarded: null })
      }
      return new Sinks(all, outbound)
    })
  }

  /** `leave_changed`: those that others have changed are left as they are, instead of failing. */
  async open(leave_changed = false): Promise<void> {
    for (const output of this.all) {
      await this.hold()
      try {
        await output.sink.open(output.intent, output.receipt)
        output.opened = true
      } catch (error) {
        if (!leave_changed || !isCustodyError(error) || error.code !== 'CUSTODY_OUTPUT_CHANGED') throw error
        output.left = error
      }
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
  flush(): Promise<Receipts> {
    return this.#receipts(sink => sink.flush())
  }

  finish(): Promise<Receipts> {
    return this.#receipts(sink => sink.finish())
  }

  accept(receipts: Receipts): void {
    for (const output of this.all) output.receipt = receiptOf(receipts, output)
  }

  async publish(): Promise<void> {
    for (const output of this.all) {
      if (!isKept(output)) continue
      await this.hold()
      output.artifact = await output.sink.publish()
      this.atPoint('mid_publish')
    }
  }

  /**
   * Takes back what the run has written, as far as nobody else touched it; nothing is published then. By sink, what became of
   * each that has a file.
   */
  async discard(): Promise<ReadonlyMap<string, Discarded>> {
    for (const output of this.all) {
      if (output.intent.path === null || output.discarded !== null) continue
      await this.hold()
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

  async close(): Promise<void> {
    const senders = [...this.#outbound.values()].map(async ({ sink }) => sink.close?.())
    const closed = await Promise.allSettled([...this.all.map(({ sink }) => sink.close()), ...senders])
    for (const each of closed) if (each.status === 'rejected') throw each.reason
  }

  /** Waits for all before it fails, so that none is still writing when the sinks are wound back. */
  async #receipts(of: (sink: Sink) => Promise<Receipt>): Promise<Receipts> {
    const settled = await Promise.allSettled(
      this.all.map(async (output): Promise<[string, Receipt]> => {
        if (!isKept(output)) return [output.node.name, output.receipt ?? NOTHING_YET]
        const receipt = await of(output.sink)
        this.atPoint('mid_flush')
        return [output.node.name, receipt]
      }),
    )
    for (const each of settled) {
      if (each.status !== 'rejected') continue
      // What looks like others' doing may be that of a process that has taken the run over.
      if (isCustodyError(each.reason) && each.reason.code === 'CUSTODY_OUTPUT_CHANGED') await this.hold()
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

/** What sends goes into `outbound`; the rows that it sent are counted like those that others write. */
async function create(
  node: SinkNode,
  context: SinkContext,
  outbound: Map<number, Outbound>,
  created: Created,
): Promise<Sink> {
  const { spec, options } = node.plugin
  if (spec.delivery !== 'outbound') return spec.create(options, context)
  const batch = spec.batch?.(options) ?? null
  const sink = created.add(await spec.create(options, context))
  outbound.set(node.number, { sink, idempotent: spec.idempotent(options), batch })
  return countingSink(SENT)
}

function contextOf(node: SinkNode, { run, folder, originalNames, placed }: Omit<SinksRequest, 'in_use'>): SinkContext {
  return { node: node.name, run, folder, input: node.input, secrets: node.plugin.secrets, originalNames, placed }
}

function sameOutput(node: string, message: string): CustodyError {
  return new CustodyError('CUSTODY_SAME_OUTPUT', message, { where: { node } })
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
