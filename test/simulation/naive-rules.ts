/** Rules of the interpreter that need nothing but a model. */
import type { CoalesceModel, NodeModel, SinkModel, Target } from './model.ts'
import type { Data } from './naive-rows.ts'

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
    case 'fork':
      return node.branches.map(each => each.to)
    case 'coalesce':
      return node.on_error === undefined ? [node.to] : [node.to, node.on_error]
    case undefined:
      return []
  }
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
