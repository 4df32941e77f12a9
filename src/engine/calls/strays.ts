/**
 * What plugins do outside of their visits: they throw when nobody waits for them any more, leave a promise that is rejected, or end
 * the process. Who watches the process tells it; the run stops by it, safely, as by any defect of a plugin.
 */
import type { EventQueue } from '../order/event-queue.ts'
import { defect, describe } from '../ports/plugin-defect.ts'

/** The process that a run is in, as far as plugins can upset it. */
export interface Strays {
  /** Calls a plugin at a node; what it sets going is known to be that node's. */
  within<T>(node: string, call: () => T): T
  /** Calls back for whatever nobody catches; `node` is null where nobody knows whose it is. Returns a function that stops. */
  listen(onStray: (node: string | null, thrown: unknown) => void): () => void
}

/** For runs whose process nobody watches: tests, which have their own. */
export const UNWATCHED: Strays = { within: (_node, call) => call(), listen: () => () => undefined }

/** What the run stops by. */
export function strayDefect(node: string | null, thrown: unknown): unknown {
  return node === null ? thrown : defect(node, `threw ${describe(thrown)} when nobody waited for it`, thrown)
}

/** A run's ear for them. */
export class StrayWatch {
  #first: { readonly thrown: unknown } | null = null
  readonly #off: () => void

  constructor(strays: Strays = UNWATCHED, events: Pick<EventQueue, 'arrive'>) {
    this.#off = strays.listen((node, thrown) => {
      this.#first ??= { thrown: strayDefect(node, thrown) }
      events.arrive(() => this.check())
    })
  }

  /** Nothing is shown or sealed after a plugin has run wild. @throws what the run stops by. */
  check(): void {
    if (this.#first !== null) throw this.#first.thrown
  }

  close(): void {
    this.#off()
  }
}
