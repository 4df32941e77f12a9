/**
 * What sorts pass on when their input has ended, one token after another. It comes after all that is in the order list, as rows do that are
 * read (I7). Each is passed on by a transition of its own: after a crash a sort continues behind the last one that a commit has.
 */
import type { SortNode } from '../../../plan/plan.ts'
import type { Recorder } from '../../record/recorder.ts'
import type { Stack } from '../../token/fork-frames.ts'
import { standing } from '../../token/token.ts'
import type { Transitions } from '../transition.ts'
import type { HeldRows } from './held-rows.ts'

export interface SortRuntimeParts {
  readonly recorder: Recorder
  readonly transitions: Transitions
  readonly held: HeldRows
}

export class SortRuntime {
  readonly #parts: SortRuntimeParts

  constructor(parts: SortRuntimeParts) {
    this.#parts = parts
  }

  /** Passes the next on, once the sort has ended. */
  release(node: SortNode, stack: Stack): void {
    const { recorder, transitions, held } = this.#parts
    const next = held.next(node.number)
    if (next === null) return
    const { token, started_us } = next
    const before = standing(token)
    recorder.releaseSorted(token, node, started_us)
    transitions.of(token, [before], [token], stack)
  }
}
