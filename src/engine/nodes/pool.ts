/** The nodes at which plugins or expressions are at work, with their plugins created. */
import type { Row } from '../../model/row.ts'
import type { AggregateNode, Plan, PlanNode, PluginOf, TransformNode } from '../../plan/plan.ts'
import type {
  Aggregate,
  BatchResult,
  OrderedTransform,
  OrderedVisitContext,
  PluginContext,
  VisitContext,
} from '../../sdk/spec.ts'
import { servicesOf } from '../calls/contexts.ts'
import { serviceLimits } from '../calls/service-limits.ts'
import { type Strays, UNWATCHED } from '../calls/strays.ts'
import type { Stack } from '../token/fork-frames.ts'
import type { Token } from '../token/token.ts'
import { Created } from './created.ts'
import {
  type BatchVisit,
  batchVisit,
  gateVisit,
  type OrderedVisit,
  orderedVisit,
  type Step,
  transformVisit,
  type Visit,
} from './plugin-call.ts'

/** Promises that one node may have under way, where neither the plugin nor its services say. */
const PLACES = 16

export interface Pool {
  readonly visit: Visit
  /** Promises that may be under way at once. */
  readonly places: number
  busy: number
  /** Tokens that wait for a place. */
  readonly queue: Token[]
}

type Close = () => Promise<void>

export class Pools {
  readonly #pools = new Map<number, Pool>()
  readonly #in_order = new Map<number, OrderedVisit>()
  readonly #aggregates = new Map<number, BatchVisit>()
  readonly #closes: Close[] = []
  readonly #strays: Strays

  private constructor(strays: Strays) {
    this.#strays = strays
  }

  /** Creates the plugins of all transforms, gates and aggregates of a run; `started_us`: when it started. @throws CustodyError of a plugin that can't be created. */
  static async open(plan: Plan, started_us: () => number, strays: Strays = UNWATCHED): Promise<Pools> {
    const pools = new Pools(strays)
    const created = new Created()
    created.add(pools)
    await created.closedOnFailure(async () => {
      for (const node of plan.nodes) await pools.#open(plan, node, started_us)
    })
    return pools
  }

  at(node: number): Pool {
    const pool = this.#pools.get(node)
    if (pool === undefined) throw new TypeError(`nothing is carried out at node ${node}`)
    return pool
  }

  inOrder(node: number, row: Row, context: OrderedVisitContext): Step {
    const visit = this.#in_order.get(node)
    if (visit === undefined) throw new TypeError(`node ${node} takes no rows in order`)
    return visit(row, context)
  }

  aggregate(node: number, rows: readonly Row[], context: VisitContext): BatchResult | Promise<BatchResult> {
    const visit = this.#aggregates.get(node)
    if (visit === undefined) throw new TypeError(`node ${node} is no aggregate`)
    return visit(rows, context)
  }

  async close(): Promise<void> {
    await Promise.all(this.#closes.map(async close => close()))
  }

  async #open(plan: Plan, node: PlanNode, started_us: () => number): Promise<void> {
    const contextOf = ({ secrets }: PluginOf<unknown>): PluginContext => ({
      node: node.name,
      folder: plan.folder,
      input: node.input,
      secrets,
      run_started_us: started_us,
    })
    switch (node.kind) {
      case 'transform': {
        const { spec, options } = node.plugin
        if (spec.ordered === true) return this.#addOrdered(node, await spec.create(options, contextOf(node.plugin)))
        const instance = await spec.create(options, contextOf(node.plugin))
        const places = spec.concurrency?.(options) ?? placesFor(plan, node)
        this.#add(node, transformVisit(node, instance), places, instance)
        return
      }
      case 'gate': {
        if (node.by.kind !== 'plugin') return this.#add(node, gateVisit(node, null, started_us), PLACES, {})
        const { spec, options } = node.by.plugin
        const instance = await spec.create(options, contextOf(node.by.plugin))
        const places = spec.concurrency?.(options) ?? placesFor(plan, node)
        return this.#add(node, gateVisit(node, instance, started_us), places, instance)
      }
      case 'aggregate':
        return this.#addAggregate(node, await node.plugin.spec.create(node.plugin.options, contextOf(node.plugin)))
      case 'source':
      case 'sink':
      case 'fork':
      case 'coalesce':
      case 'sort':
      case 'join':
        return
    }
  }

  #add({ name, number }: PlanNode, visit: Visit, places: number, instance: { close?(): Promise<void> }): void {
    const watched: Visit = (row, context) => this.#strays.within(name, () => visit(row, context))
    this.#pools.set(number, { visit: watched, places, busy: 0, queue: [] })
    this.#onClose(instance)
  }

  #addOrdered(node: TransformNode, instance: OrderedTransform): void {
    const visit = orderedVisit(node, instance)
    this.#in_order.set(node.number, (row, context) => this.#strays.within(node.name, () => visit(row, context)))
    this.#onClose(instance)
  }

  #addAggregate(node: AggregateNode, instance: Aggregate): void {
    const visit = batchVisit(node, instance)
    this.#aggregates.set(node.number, (rows, context) => this.#strays.within(node.name, () => visit(rows, context)))
    this.#onClose(instance)
  }

  #onClose(instance: { close?(): Promise<void> }): void {
    if (instance.close !== undefined) this.#closes.push(instance.close.bind(instance))
  }
}

/** Enough to keep its services busy while answers are worked on, and to hold calls until it shows whether a service is down. */
function placesFor(plan: Plan, node: PlanNode): number {
  const needed = servicesOf(node).map(service => {
    const { concurrency, breaker } = serviceLimits(plan.limits, service)
    return Math.max(2 * concurrency, (breaker?.failures ?? 0) + concurrency)
  })
  return Math.max(
    PLACES,
    needed.reduce((sum, each) => sum + each, 0),
  )
}

/** A place is free: the first that waits for one comes next, after what is on the stack. */
export function callNext(pool: Pool, stack: Stack): void {
  if (pool.busy >= pool.places) return
  const next = pool.queue.shift()
  if (next !== undefined) stack.unshift(next)
}
