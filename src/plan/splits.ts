/** What can't be done by splits, each by itself, or would depend on how many there are without saying so. */
import type { Draft, DraftNode } from './draft.ts'
import type { Flow } from './flow.ts'
import { pluginUse, type ResolvedPlugin } from './plugins.ts'
import type { Report } from './report.ts'
import { servicesOf } from './services.ts'

/** Problems: CUSTODY_SPLITS. */
export function checkSplits(
  draft: Draft,
  plugins: ReadonlyMap<DraftNode, ResolvedPlugin>,
  flow: Flow,
  report: Report,
): void {
  const splits = report.pipeline.config.splits !== null
  for (const node of draft.nodes) {
    const { config } = node
    if (config.kind === 'aggregate' && !splits && config.scope !== undefined)
      report.error(
        'CUSTODY_SPLITS',
        [...node.path, 'scope'],
        `the scope of \`${node.name}\` is for a pipeline with splits`,
        {
          hint: 'leave it out, or add `splits: { count: 16 }`',
        },
      )
    const problem = splits ? problemOf(node, plugins.get(node), flow) : null
    if (problem === null) continue
    const { message, hint } = problem
    report.error('CUSTODY_SPLITS', pluginUse(node)?.name_path ?? node.path, message, { hint })
  }
}

interface Problem {
  readonly message: string
  readonly hint: string
}

const WITHOUT = 'run it without `splits`'

function problemOf(node: DraftNode, plugin: ResolvedPlugin | undefined, flow: Flow): Problem | null {
  const { config, name } = node
  if (config.kind === 'sort' || config.kind === 'join')
    return { message: `${config.kind} \`${name}\` needs all rows at once, and splits have some each`, hint: WITHOUT }
  if (config.kind === 'aggregate' && config.scope === undefined)
    return {
      message: `aggregate \`${name}\` would have other batches with other splits, and doesn’t say so`,
      hint: 'say `scope: split`: each split has batches of its own',
    }
  if (plugin === undefined || !plugin.valid) return null
  const [service] = servicesOf(plugin)
  if (service !== undefined)
    return { message: `\`${name}\` calls ${service}, whose limits splits can’t share`, hint: WITHOUT }
  const { spec, options } = plugin
  if (spec.kind === 'transform' && spec.ordered === true)
    return { message: `\`${name}\` takes rows in order, and splits have some each`, hint: WITHOUT }
  if (spec.kind !== 'sink' || spec.delivery === 'outbound') return null
  if (spec.immediate?.(options) === 'stream')
    return { message: `sink \`${name}\` writes to a stream, which splits can’t share`, hint: 'name a file' }
  const input = flow.facts.get(node)?.input
  const why = input === undefined ? null : (spec.together?.(options, input) ?? null)
  return why === null
    ? null
    : { message: `what splits write for sink \`${name}\` can’t become one: ${why.message}`, hint: why.hint }
}
