/** What splits can't do, each by itself, or what would depend on how many there are without saying so. */
import type { Draft, DraftNode } from './draft.ts'
import type { Flow } from './flow.ts'
import { pluginUse, type ResolvedPlugin } from './plugins.ts'
import type { Report } from './report.ts'
import { servicesOf } from './services.ts'

interface Problem {
  readonly message: string
  readonly hint: string
}

const WITHOUT = 'run it without `splits`'

/** Problems: CUSTODY_SPLITS; warnings: CUSTODY_SPLITS_IDLE. */
export function checkSplits(
  draft: Draft,
  plugins: ReadonlyMap<DraftNode, ResolvedPlugin>,
  flow: Flow,
  report: Report,
): void {
  const { pipeline } = report
  if (!pipeline.has(['splits'])) {
    if (!pipeline.misspells([], 'splits')) refuseScopes(draft, report)
    return
  }
  for (const node of draft.nodes) {
    const plugin = plugins.get(node)
    const problem = problemOfKind(node, report) ?? (plugin?.valid === true ? problemOf(node, plugin, flow) : null)
    if (problem === null) continue
    const { message, hint } = problem
    const [path, part] = placeOf(node)
    report.error('CUSTODY_SPLITS', path, message, { hint, part })
  }
  warnOfIdle(draft, plugins, report)
}

/** Where nothing can be cut, as far as options say, whole sources are all that splits can share. */
function warnOfIdle({ nodes }: Draft, plugins: ReadonlyMap<DraftNode, ResolvedPlugin>, report: Report): void {
  const sources = nodes.filter(({ config }) => config.kind === 'source')
  const uncut = sources.every(node => {
    const plugin = plugins.get(node)
    return plugin?.valid === true && plugin.spec.kind === 'source' && plugin.spec.uncut?.(plugin.options) === true
  })
  const [first] = sources
  if (!uncut || first === undefined) return
  const what =
    sources.length === 1
      ? `source \`${first.name}\` can’t be cut: one split reads all of it, and the others nothing`
      : 'none of the sources can be cut: each is read by one split as a whole'
  report.warning('CUSTODY_SPLITS_IDLE', ['splits'], what, {
    part: 'key',
    hint: 'leave `splits` out, or have the data in several files: lists of files are dealt to splits',
  })
}

function refuseScopes({ nodes }: Draft, report: Report): void {
  for (const { name, config, path } of nodes)
    if (config.kind === 'aggregate' && report.pipeline.has([...path, 'scope']))
      report.error(
        'CUSTODY_SPLITS',
        [...path, 'scope'],
        `aggregate \`${name}\` has a scope, and the pipeline has no splits`,
        { part: 'key', hint: 'leave it out, or add `splits: { count: 16 }` to the pipeline' },
      )
}

/** Its plugin, or else its name. */
function placeOf(node: DraftNode) {
  const { config, path } = node
  if (config.kind === 'sort' || config.kind === 'join') return [[...path, config.kind], 'key'] as const
  const use = pluginUse(node)
  return use === null ? ([path, 'key'] as const) : ([use.name_path, 'value'] as const)
}

function problemOfKind({ config, name, path }: DraftNode, { pipeline }: Report): Problem | null {
  switch (config.kind) {
    case 'sort':
      return { message: `sort \`${name}\` puts all rows in one order, and a split has some of them`, hint: WITHOUT }
    case 'join':
      return { message: `join \`${name}\` needs all rows of both sides, and a split has some of them`, hint: WITHOUT }
    case 'aggregate':
      if (pipeline.has([...path, 'scope']) || pipeline.misspells(path, 'scope')) return null
      return {
        message: `aggregate \`${name}\` would have other batches with another number of splits, and doesn’t say so`,
        hint: 'add `scope: split`: each split has batches of its own, which end with it',
      }
    default:
      return null
  }
}

function problemOf(node: DraftNode, plugin: ResolvedPlugin, flow: Flow): Problem | null {
  const { name } = node
  const { spec, options } = plugin
  if (spec.kind === 'sink' && spec.delivery === 'outbound')
    return {
      message: `sink \`${name}\` sends rows during the run, and nothing of a split leaves before all have ended`,
      hint: 'write a file, and send that by a pipeline without `splits`',
    }
  const [service] = spec.kind === 'source' ? servicesOf(plugin) : []
  if (service !== undefined)
    return { message: `source \`${name}\` calls ${service}, and what it answers can’t be cut`, hint: WITHOUT }
  switch (spec.kind) {
    case 'source':
      if (!spec.rereadable(options))
        return {
          message: `source \`${name}\` can be read only once, and each split opens its input by itself`,
          hint: 'save the input to a file, and name that',
        }
      if (spec.endless?.(options) !== true) return null
      return {
        message: `source \`${name}\` may never end, and nothing is written before all splits have`,
        hint: WITHOUT,
      }
    case 'transform':
      if (spec.ordered !== true) return null
      return { message: `\`${name}\` counts the rows of the whole input, and a split has some of them`, hint: WITHOUT }
    case 'sink':
      return apart(node, plugin, flow)
    default:
      return null
  }
}

/** Why what splits write for a sink can't become what one run would have written; null if it can. */
function apart(node: DraftNode, { spec, options }: ResolvedPlugin, flow: Flow): Problem | null {
  if (spec.kind !== 'sink' || spec.delivery === 'outbound') return null
  const { name } = node
  if (spec.immediate?.(options) === 'stream')
    return {
      message: `sink \`${name}\` writes to a stream, and splits write files that become one at the end`,
      hint: 'name a file',
    }
  if (spec.rehearse === undefined && Object.keys(spec.errors).length > 0)
    return {
      message: `sink \`${name}\` can’t say before it writes which rows it refuses, and is written to when all splits have ended`,
      hint: WITHOUT,
    }
  const input = flow.known(node)
  const why = input === null ? null : (spec.together?.(options, input) ?? null)
  if (why === null) return null
  return { message: `what splits write for sink \`${name}\` can’t become one: ${why.message}`, hint: why.hint }
}
