/** Files that a run must not write to, because it needs them as they are. */
import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Plan, PlanNode } from '../plan/plan.ts'
import type { PluginSpec } from '../sdk/spec.ts'

/** By path, links resolved: what the file is, as in "which is the ledger". */
export type FilesInUse = ReadonlyMap<string, string>

/** Those that the plugins of the plan read, and those of `more`. */
export async function filesInUse(plan: Plan, more: FilesInUse = new Map()): Promise<FilesInUse> {
  const found = new Map<string, string>()
  for (const [path, what] of more) found.set(await realPath(path), what)
  for (const [path, node] of plan.files)
    found.set(await realPath(resolve(plan.folder, path)), `which is part of \`${node}\``)
  for (const node of plan.nodes) {
    const plugin = pluginOf(node)
    for (const path of plugin?.spec.reads?.(plugin.options) ?? [])
      found.set(await realPath(resolve(plan.folder, path)), `which \`${node.name}\` reads`)
  }
  return found
}

function pluginOf(node: PlanNode): { readonly spec: PluginSpec; readonly options: unknown } | null {
  switch (node.kind) {
    case 'source':
    case 'transform':
    case 'aggregate':
    case 'sink':
      return node.plugin
    case 'gate':
      return node.by.kind === 'plugin' ? node.by.plugin : null
    default:
      return null
  }
}

/** What isn't there is called as it is named. */
function realPath(path: string): Promise<string> {
  return realpath(path).catch(() => path)
}
