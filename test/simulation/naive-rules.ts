/** Rules of the interpreter that need nothing but a model. */
import type { CoalesceModel, NodeModel, Operation, SinkModel, Target } from './model.ts'
import { calculated } from './naive-decimals.ts'
import { type Data, turned } from './naive-rows.ts'

export type Passage =
  | { readonly kind: 'flow' | 'gate' | 'invalid' }
  | { readonly kind: 'error'; readonly cause: string }

/** Whether a group may still come to merge, whoever else comes. */
export function mayMerge({ branches, policy, quorum, merge }: CoalesceModel, lost: ReadonlySet<string>): boolean {
  const left = branches.length - lost.size
  if (merge === 'select' && lost.has(branches[0] ?? '')) return false
  if (policy === 'require_all') return lost.size === 0
  return policy === 'quorum' ? left >= quorum : left > 0
}

export function successors(node: NodeModel | undefined, sink: SinkModel | undefined): readonly Target[] {
  if (sink !== undefined) return [sink.on_error]
  switch (node?.kind) {
    case 'step':
    case 'aggregate':
      return [node.to, node.on_error]
    case 'sort':
      return [node.to]
    case 'gate':
      return [...node.routes, node.on_error]
    case 'join':
      return [node.routes.matched, node.routes.left, node.routes.right, node.on_error]
    case 'fork':
      return node.branches.map(each => each.to)
    case 'coalesce':
      return node.on_error === undefined ? [node.to] : [node.to, node.on_error]
    case undefined:
      return []
  }
}

/** What a step makes of a row. */
export type Performed =
  | { readonly kind: 'rows'; readonly rows: readonly Data[] }
  | { readonly kind: 'row'; readonly row: Data }
  | { readonly kind: 'filtered' }
  | { readonly kind: 'error'; readonly code: string; readonly cause: string }

/** `n` as the step sees it; so many attempts may be made; which of its rows it is. */
export function performed(operation: Operation, data: Data, n: number, attempts: number, nth: number): Performed {
  const row = (changed: Data) => ({ kind: 'row', row: changed }) as const
  switch (operation.op) {
    case 'calculate':
    case 'coerce': {
      const result = calculated(operation, data, n)
      return result === null ? { kind: 'error', code: 'SIM_BAD', cause: 'error' } : row(result)
    }
    case 'same':
      return row(data)
    case 'add':
      return row({ ...data, n: n + operation.by })
    case 'set':
      return row({ ...data, [operation.name]: n * operation.by })
    case 'drop': {
      const { [operation.name]: _, ...rest } = data
      return row(rest)
    }
    case 'turn':
      return row(turned(data, operation.deep) as Data)
    case 'filter':
      return n % operation.mod === 0 ? { kind: 'filtered' } : row(data)
    case 'fail':
      return n % operation.mod === 0 ? { kind: 'error', code: 'SIM_BAD', cause: 'error' } : row(data)
    case 'flaky':
      return n % operation.times >= attempts
        ? { kind: 'error', code: 'SIM_FLAKY', cause: 'retries_exhausted' }
        : row({ ...data, n: n + 1 })
    case 'count':
      return counted(operation, data, nth)
    case 'expand': {
      const rows = Array.from({ length: n % operation.size }, (_, i) => ({ ...data, n: n * 2 + i }))
      return rows.length === 0 ? { kind: 'filtered' } : { kind: 'rows', rows }
    }
  }
}

/** How many rows each step has taken. */
export class NaiveCounts {
  readonly #taken = new Map<string, number>()

  next({ name }: { readonly name: string }): number {
    const nth = (this.#taken.get(name) ?? 0) + 1
    this.#taken.set(name, nth)
    return nth
  }
}

function counted({ does, size }: Extract<Operation, { op: 'count' }>, data: Data, nth: number): Performed {
  if (does === 'limit' ? nth > size : does === 'expand' && nth % size === 0) return { kind: 'filtered' }
  if (does === 'fail' && nth % size === 0) return { kind: 'error', code: 'SIM_BAD', cause: 'error' }
  const row = does === 'limit' ? data : { ...data, place: nth }
  return does === 'expand' ? { kind: 'rows', rows: new Array(nth % size).fill(row) } : { kind: 'row', row }
}

export function number(data: Data): number {
  return typeof data.n === 'number' ? data.n : 0
}

export function atSink(passage: Passage): string {
  switch (passage.kind) {
    case 'flow':
      return 'COMPLETED/flow'
    case 'gate':
      return 'ROUTED/gate'
    case 'invalid':
      return 'QUARANTINED/source_invalid'
    case 'error':
      return passage.cause === 'error' ? 'ROUTED/error' : `FAILED/${passage.cause}`
  }
}

export function atDiscard(passage: Passage): string {
  switch (passage.kind) {
    case 'flow':
      return 'DISCARDED/filter'
    case 'gate':
      return 'DISCARDED/gate'
    case 'invalid':
      return 'QUARANTINED/source_invalid'
    case 'error':
      return passage.cause === 'error' ? 'QUARANTINED/error' : `FAILED/${passage.cause}`
  }
}
