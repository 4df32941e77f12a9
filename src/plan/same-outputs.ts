/** Files that two parts of a pipeline would meet at, as far as their paths say so; links are followed when the run begins. */
import { absolutePlace } from '../model/store-url.ts'
import type { Draft, DraftNode } from './draft.ts'
import { pluginUse, type ResolvedPlugin } from './plugins.ts'
import type { Report } from './report.ts'

/** Problems: CUSTODY_SAME_OUTPUT. */
export function checkSameOutputs(draft: Draft, plugins: ReadonlyMap<DraftNode, ResolvedPlugin>, report: Report): void {
  const { folder } = report.pipeline
  const used = new Map<string, string>()
  for (const node of draft.nodes) {
    const plugin = plugins.get(node)
    if (plugin === undefined || !plugin.valid) continue
    for (const path of plugin.spec.reads?.(plugin.options) ?? [])
      used.set(absolutePlace(folder, path), `which \`${node.name}\` reads`)
  }
  for (const node of draft.nodes) {
    const plugin = plugins.get(node)
    if (plugin === undefined || !plugin.valid || plugin.spec.kind !== 'sink' || plugin.spec.delivery === 'outbound')
      continue
    for (const path of plugin.spec.writes?.(plugin.options) ?? []) {
      const absolute = absolutePlace(folder, path)
      const other = used.get(absolute)
      if (other !== undefined)
        report.error(
          'CUSTODY_SAME_OUTPUT',
          pluginUse(node)?.name_path ?? node.path,
          `sink \`${node.name}\` would write to ${path}, ${other}`,
          { hint: 'give each its own path' },
        )
      else used.set(absolute, `as sink \`${node.name}\` does`)
    }
  }
}
