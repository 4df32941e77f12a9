/** What follows from sources that may never end, and from what an aggregate plugin can do. */
import type { Draft, DraftNode } from './draft.ts'
import type { ResolvedPlugin } from './plugins.ts'
import type { Report } from './report.ts'

/** Problems: CUSTODY_ENDLESS_NOT_LAST, CUSTODY_NO_TRIGGER, CUSTODY_BAD_VALUE. */
export function checkInputs(draft: Draft, plugins: ReadonlyMap<DraftNode, ResolvedPlugin>, report: Report): void {
  const sources = draft.nodes.filter(node => node.kind === 'source')
  const endless = sources.filter(node => {
    const plugin = plugins.get(node)
    return plugin?.valid === true && plugin.spec.kind === 'source' && plugin.spec.endless?.(plugin.options) === true
  })
  for (const node of endless) {
    if (node === sources.at(-1)) continue
    const message = `\`${node.name}\` may never end, so the sources behind it would never be read`
    report.error('CUSTODY_ENDLESS_NOT_LAST', node.path, message, { part: 'key', hint: 'put it last' })
  }
  const fed = new Set<DraftNode>(endless)
  for (const node of fed) for (const edge of draft.from(node)) if (edge.to !== null) fed.add(edge.to)
  for (const node of draft.nodes) checkHolding(node, plugins.get(node), fed.has(node), report)
}

function checkHolding(node: DraftNode, plugin: ResolvedPlugin | undefined, endless: boolean, report: Report): void {
  const { config } = node
  if (config.kind === 'sort' && endless) {
    const message = `\`${node.name}\` passes nothing on before the end of its input, and that may never end`
    report.error('CUSTODY_NO_TRIGGER', node.path, message, { part: 'key', hint: 'sort in batches, by an aggregate' })
  }
  if (config.kind === 'join' && endless) {
    const message = `\`${node.name}\` joins its rows at the end of input, and its input may never end`
    report.error('CUSTODY_NO_TRIGGER', node.path, message, { part: 'key', hint: 'join only what comes to an end' })
  }
  if (config.kind !== 'aggregate') return
  const { count, max_age_ms, when } = config.trigger
  if (endless && count === null && max_age_ms === null && when === null) {
    const message = `\`${node.name}\` closes its batch at the end of input only, and its input may never end`
    report.error('CUSTODY_NO_TRIGGER', node.path, message, { part: 'key', hint: 'add a trigger with count or max_age' })
  }
  if (plugin?.spec.kind !== 'aggregate' || plugin.spec.outputs.includes(config.output)) return
  const path = report.pipeline.has([...node.path, 'output']) ? [...node.path, 'output'] : [...node.path, 'aggregate']
  const message = `${plugin.spec.name} can’t give \`output: ${config.output}\``
  report.error('CUSTODY_BAD_VALUE', path, message, { hint: `it gives output: ${plugin.spec.outputs.join(' or ')}` })
}
