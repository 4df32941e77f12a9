/** What plugins get besides rows: most visits share one context, those at nodes with services can call them. */
import { FIRST_PATH } from '../../format/lineage.ts'
import type { CallPlace } from '../../format/recording.ts'
import { idOf } from '../../model/part-ids.ts'
import type { AggregateNode, GateNode, Plan, PlanNode, SinkNode, TransformNode } from '../../plan/plan.ts'
import type { Call } from '../../sdk/call.ts'
import type { Keyed, Outgoing, SendTry } from '../../sdk/spec.ts'
import type { Asker } from '../record/call-fact.ts'
import { Answers } from '../token/answers.ts'
import type { Subject, Token } from '../token/token.ts'
import type { CallDispatcher } from './dispatcher.ts'
import type { Performed, Settle } from './open-call.ts'
import type { CallingContext } from './visit.ts'

/** An attempt to process a batch. */
interface BatchAttempt {
  readonly node: AggregateNode
  readonly subject: Subject
  readonly attempt: number
  readonly answers: Answers
}

interface SentRow {
  readonly token: Token
  readonly outgoing: Outgoing
}

export type KeyedRows = readonly [Keyed<Outgoing>, ...Keyed<Outgoing>[]]

/** Rows that a sink sends in one request. */
interface SentRows {
  readonly node: SinkNode
  readonly members: readonly [SentRow, ...SentRow[]]
}

export class Contexts {
  readonly #calls: CallDispatcher
  readonly #run: string
  readonly #part: number
  readonly #epoch: number
  readonly #nodes: readonly PlanNode[]
  readonly #signal: AbortSignal
  readonly #first_attempt: CallingContext
  /** By node, for nodes that have some. */
  readonly #services: ReadonlyMap<number, readonly string[]>

  /** `part`: of a split its number, else 0. `epoch`: of the lease by which this process holds the run, or the split. */
  constructor(
    { run, part, epoch }: { readonly run: string; readonly part: number; readonly epoch: number },
    plan: Plan,
    calls: CallDispatcher,
    signal: AbortSignal,
  ) {
    this.#run = run
    this.#part = part
    this.#epoch = epoch
    this.#calls = calls
    this.#nodes = plan.nodes
    this.#signal = signal
    this.#first_attempt = { attempt: 1, signal, call: refuseCall }
    this.#services = new Map(
      plan.nodes.map(node => [node.number, servicesOf(node)] as const).filter(([, services]) => services.length > 0),
    )
  }

  ofVisit(token: Token, node: TransformNode | GateNode): CallingContext {
    const services = this.#services.get(node.number)
    if (services === undefined) return this.#plain(token.attempt)
    return this.#calls.context(this.#askerOf(token, node), services)
  }

  ofBatch({ node, subject, attempt, answers }: BatchAttempt): CallingContext {
    const services = this.#services.get(node.number)
    if (services === undefined) return this.#plain(attempt)
    const place = () => this.#placeOf(subject, node, null)
    return this.#calls.context({ subject, token: null, node, attempt, answers, place }, services)
  }

  /** Has the rows sent in one request by `perform`, once that is durably on record. */
  send(
    { node, members }: SentRows,
    perform: (rows: KeyedRows, attempt: SendTry) => Promise<Performed>,
    settle: Settle,
  ): void {
    const [first, ...others] = members
    const keyed = ({ token, outgoing }: SentRow): Keyed<Outgoing> => ({
      outgoing,
      key: `${this.#run}-${idOf(this.#part, token.id)}-${node.number}`,
    })
    const asking = ({ token, outgoing }: SentRow) => ({
      asker: this.#askerOf(token, node),
      request: outgoing.request,
    })
    this.#calls.send(
      {
        asking: [asking(first), ...others.map(asking)],
        services: this.#services.get(node.number) ?? [],
        service: first.outgoing.service,
        perform: attempt => perform([keyed(first), ...others.map(keyed)], { ...attempt, epoch: this.#epoch }),
      },
      settle,
    )
  }

  /** No call begins any more. */
  close(): void {
    this.#calls.close()
  }

  #askerOf(token: Token, node: TransformNode | GateNode | SinkNode): Asker {
    const { subject, id, attempt } = token
    token.answers ??= new Answers()
    const { answers } = token
    const place = () => this.#placeOf(subject, node, token)
    return { subject, token: id, node, attempt, answers, place }
  }

  /** `token`: null for a batch. */
  #placeOf({ origin }: Subject, { name }: PlanNode, token: Token | null): CallPlace {
    const branches: string[] = []
    for (let at = token?.frames ?? null; at !== null; at = at.outer) {
      const fork = this.#nodes[at.fork.node - 1]
      const branch = fork?.kind === 'fork' ? fork.branches[at.branch] : undefined
      if (branch === undefined) throw new TypeError(`node ${at.fork.node} has no branch ${at.branch}`)
      branches.unshift(branch.branch)
    }
    const source = this.#nodes[origin.source - 1]?.name ?? null
    return { source, index: origin.index, node: name, branches, path: token?.path ?? FIRST_PATH }
  }

  #plain(attempt: number): CallingContext {
    return attempt === 1 ? this.#first_attempt : { attempt, signal: this.#signal, call: refuseCall }
  }
}

/** The services that a node's plugin calls. */
export function servicesOf(node: PlanNode): readonly string[] {
  switch (node.kind) {
    case 'source':
    case 'transform':
    case 'aggregate':
      return node.plugin.spec.services?.(node.plugin.options) ?? []
    case 'gate':
      return node.by.kind === 'plugin' ? (node.by.plugin.spec.services?.(node.by.plugin.options) ?? []) : []
    case 'sink': {
      const { spec, options } = node.plugin
      return spec.delivery === 'outbound' ? spec.services(options) : []
    }
    case 'fork':
    case 'coalesce':
    case 'sort':
    case 'join':
      return []
  }
}

/** For visits of plugins that name no services. */
const refuseCall: Call = service => Promise.reject(new Error(`it calls ${service}, but its spec names no such service`))
