/**
 * Rows that a sink sends in one request: which of them go together.
 *
 * REQUEST-BATCH-1. Rows gather in the order in which they have their turn at the sink. A batch closes when it is full, when its first row has
 *     waited long enough, or when nothing in the order list can come to it any more.
 * REQUEST-BATCH-2. What was closed stays together, also in another process: a request is made again with the same rows in the same order, when
 *     the last of them is back from its backoff.
 */
import type { SinkNode } from '../../../plan/plan.ts'
import type { Outgoing, SendBatch } from '../../../sdk/spec.ts'
import { defect } from '../../ports/plugin-defect.ts'
import type { Clock } from '../../ports/ports.ts'
import { sendingOf, type Token } from '../../token/token.ts'

/** A row that has its turn. */
export interface Member {
  readonly token: Token
  readonly outgoing: Outgoing
  /** Of its visit. */
  readonly started_us: number
}

/** What goes into one request. */
export interface RequestBatch {
  readonly node: SinkNode
  readonly members: readonly [Member, ...Member[]]
}

interface Gathering {
  readonly node: SinkNode
  readonly members: [Member, ...Member[]]
  /** null: it closes at once. */
  readonly callOffTimer: (() => void) | null
}

export class RequestBatches {
  readonly #clock: Pick<Clock, 'wake'>
  readonly #onDue: (close: () => RequestBatch | null) => void
  /** By sink. */
  readonly #open = new Map<number, Gathering>()
  /** By sink and first token, of those that are to be sent again: who is back. */
  readonly #returning = new Map<string, [Member, ...Member[]]>()

  /** `onDue` is called when a batch has waited long enough; `close` gives it, unless it is closed by then. */
  constructor(clock: Pick<Clock, 'wake'>, onDue: (close: () => RequestBatch | null) => void) {
    this.#clock = clock
    this.#onDue = onDue
  }

  /** Whether rows wait for others. */
  get gathering(): boolean {
    return this.#open.size > 0
  }

  /**
   * Takes a row. Gives the `RequestBatch` that is complete with it. `batch`: null if each row goes alone.
   * @throws CustodyError CUSTODY_PLUGIN_DEFECT if it is for another service than those that it would go with.
   */
  add(node: SinkNode, member: Member, batch: SendBatch | null): RequestBatch | null {
    const { together } = sendingOf(member.token)
    if (together !== null) return this.#back(node, member, together)
    const open = this.#open.get(node.number)
    if (open === undefined) return this.#begin(node, member, batch)
    const { service } = open.members[0].outgoing
    if (member.outgoing.service !== service)
      throw defect(node.name, `sends rows of one batch to ${service} and to ${member.outgoing.service}`)
    open.members.push(member)
    return open.members.length < (batch?.rows ?? 1) ? null : this.#close(open)
  }

  /** Closes one of those that `awaits` says nothing more of; null if there is none. */
  closeLast(awaits: (node: number) => boolean): RequestBatch | null {
    for (const [node, open] of this.#open) if (!awaits(node)) return this.#close(open)
    return null
  }

  #begin(node: SinkNode, member: Member, batch: SendBatch | null): RequestBatch | null {
    if (batch === null || batch.rows === 1) return this.#close({ node, members: [member], callOffTimer: null })
    const close = () => (this.#open.get(node.number) === open ? this.#close(open) : null)
    const callOffTimer = this.#clock.wake(batch.wait_ms * 1000, () => this.#onDue(close))
    const open: Gathering = { node, members: [member], callOffTimer }
    this.#open.set(node.number, open)
    return null
  }

  #close({ node, members, callOffTimer }: Gathering): RequestBatch {
    callOffTimer?.()
    this.#open.delete(node.number)
    const [{ token: first }] = members
    for (const [i, { token }] of members.entries()) {
      const { in_doubt, uncounted } = sendingOf(token)
      token.send({ in_doubt, together: { first: first.id, place: i + 1, rows: members.length }, uncounted })
    }
    return { node, members }
  }

  #back(node: SinkNode, member: Member, { first, rows }: { first: number; rows: number }): RequestBatch | null {
    const name = `${node.number} ${first}`
    const before = this.#returning.get(name)
    const members: [Member, ...Member[]] = before ?? [member]
    if (before === undefined) this.#returning.set(name, members)
    else before.push(member)
    if (members.length < rows) return null
    this.#returning.delete(name)
    members.sort((a, b) => placeOf(a) - placeOf(b))
    return { node, members }
  }
}

function placeOf({ token }: Member): number {
  const { together } = sendingOf(token)
  if (together === null) throw new TypeError(`token ${token.id} was sent by itself`)
  return together.place
}
