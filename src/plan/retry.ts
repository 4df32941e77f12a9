/** How often and when each node tries again: the pipeline's retry with what the node says otherwise. */
import type { RetryConfig } from '../config/pipeline.ts'
import type { Draft, DraftNode } from './draft.ts'
import type { ResolvedPlugin } from './plugins.ts'
import type { Report } from './report.ts'

/** Of nodes that take rows in order. */
const ONCE: RetryConfig = { attempts: 1, backoff_ms: 0, max_backoff_ms: 0, factor: 1 }

/**
 * The retries of all nodes with plugins. Problems: CUSTODY_BAD_VALUE for a longest wait that is shorter than the first, and
 * for a retry where rows are taken in order: nothing there asks anyone, and a second attempt would be another position.
 */
export function mergeRetries(
  draft: Draft,
  plugins: ReadonlyMap<DraftNode, ResolvedPlugin>,
  report: Report,
): ReadonlyMap<DraftNode, RetryConfig> {
  const retries = new Map<DraftNode, RetryConfig>()
  for (const node of draft.nodes) {
    const { config } = node
    if (config.kind === 'sink' || config.kind === 'source') retries.set(node, draft.config.retry)
    if (config.kind !== 'transform' && config.kind !== 'gate' && config.kind !== 'aggregate') continue
    const spec = plugins.get(node)?.spec
    if (spec?.kind === 'transform' && spec.ordered === true) {
      retries.set(node, ONCE)
      if (Object.values(config.retry).every(each => each === undefined)) continue
      const message = `\`${node.name}\` takes rows in order, each of them once: nothing is tried again there`
      report.error('CUSTODY_BAD_VALUE', [...node.path, 'retry'], message, { hint: 'Remove `retry` here.' })
      continue
    }
    const merged = { ...draft.config.retry, ...config.retry }
    retries.set(node, merged)
    if (
      merged.max_backoff_ms >= merged.backoff_ms ||
      (config.retry.backoff_ms ?? config.retry.max_backoff_ms) === undefined
    )
      continue
    // Where a node says both, the check of the file has reported it.
    if (config.retry.backoff_ms !== undefined && config.retry.max_backoff_ms !== undefined) continue
    const own = config.retry.backoff_ms === undefined ? 'max_backoff' : 'backoff'
    const message = `with the pipeline’s retry, \`${node.name}\` waits ${merged.backoff_ms} ms first and ${merged.max_backoff_ms} ms at most`
    const hint = `give ${own === 'backoff' ? 'max_backoff' : 'backoff'} here, too`
    report.error('CUSTODY_BAD_VALUE', [...node.path, 'retry', own], message, { hint })
  }
  return retries
}
