/** The code of the plugins that a plan uses. */
import type { PluginCode } from '../../format/plugin-code.ts'
import type { Plan, PlanNode } from '../../plan/plan.ts'
import type { PluginSpec } from '../../sdk/spec.ts'

/** By kind and name, each once. */
export function codeIn({ nodes }: Plan, codeOf: ((spec: PluginSpec) => PluginCode) | undefined): PluginCode[] {
  if (codeOf === undefined) return []
  const all = new Map<string, PluginCode>()
  for (const spec of nodes.flatMap(specsOf)) all.set(`${spec.kind} ${spec.name}`, codeOf(spec))
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, code]) => code)
}

function specsOf(node: PlanNode): PluginSpec[] {
  if (node.kind === 'gate') return node.by.kind === 'plugin' ? [node.by.plugin.spec] : []
  return 'plugin' in node ? [node.plugin.spec] : []
}
