/** Services that plugins call: what `limits` says of them, and what can't be held to it. */
import { nearestHint } from '../config/nearest.ts'
import type { DraftNode } from './draft.ts'
import { pluginUse, type ResolvedPlugin } from './plugins.ts'
import type { Report } from './report.ts'

/** Names of the services that a plugin calls, with these options. */
export function servicesOf({ spec, options, valid }: ResolvedPlugin): readonly string[] {
  return valid && 'services' in spec ? (spec.services?.(options) ?? []) : []
}

/** Problems: CUSTODY_UNUSED_LIMIT (a warning), CUSTODY_PRICE_UNKNOWN. */
export function checkLimits(plugins: ReadonlyMap<DraftNode, ResolvedPlugin>, report: Report): void {
  const { limits } = report.pipeline.config
  const called = new Set([...plugins.values()].flatMap(servicesOf))
  for (const service of limits.services.keys()) {
    if (called.has(service)) continue
    const hint = nearestHint(service, called, 'services here') ?? 'no node here calls a service'
    report.warning('CUSTODY_UNUSED_LIMIT', ['limits', 'services', service], `no node calls a service \`${service}\``, {
      part: 'key',
      hint,
    })
  }
  if (limits.spend_usd === null) return
  for (const [node, { spec, options, valid }] of plugins) {
    const why = valid && 'unpriced' in spec ? (spec.unpriced?.(options) ?? null) : null
    if (why === null) continue
    report.error(
      'CUSTODY_PRICE_UNKNOWN',
      pluginUse(node)?.name_path ?? node.path,
      `limits.spend can’t be kept at \`${node.name}\`: ${why}`,
    )
  }
}
