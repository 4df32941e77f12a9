/** The catalogue of plugins, or all there is to know of one name. */

import { catalogueOf } from '../host/compile.ts'
import { CustodyError } from '../model/error.ts'
import { builtins } from '../plugins/index.ts'
import { Catalogue } from '../sdk/catalogue.ts'
import type { PluginKind, PluginSpec } from '../sdk/spec.ts'
import type { Context } from './context.ts'
import { optionsSchema, renderPlugin } from './render/plugin.ts'
import { quoted } from './render/shell.ts'
import { padEnd, shorten } from './render/text.ts'

const KINDS: ReadonlyArray<readonly [PluginKind, string]> = [
  ['source', 'Sources'],
  ['transform', 'Transforms'],
  ['gate', 'Gates'],
  ['aggregate', 'Aggregates'],
  ['sink', 'Sinks'],
]

/**
 * The built-ins, and with `pipeline` those that its file names.
 * @throws CustodyError CUSTODY_UNKNOWN_PLUGIN; DiagnosticsError if the file or its plugins can't be loaded.
 */
export async function printPlugins(
  context: Context,
  name: string | undefined,
  pipeline: string | undefined,
  json: boolean,
): Promise<void> {
  const catalogue = pipeline === undefined ? new Catalogue(builtins) : await catalogueOf(context.env, pipeline)
  const specs = name === undefined ? catalogue.all() : named(catalogue, name)
  if (json) context.terminal.answerJson(specs.map(specJson))
  else context.terminal.answer(name === undefined ? list(specs, context, pipeline) : pages(specs, context))
}

function named(catalogue: Catalogue, name: string): readonly PluginSpec[] {
  const specs = catalogue.named(name)
  if (specs.length > 0) return specs
  const [nearest] = catalogue.nearest(name)
  const own = 'Those of a pipeline are shown with --pipeline FILE.'
  throw new CustodyError('CUSTODY_UNKNOWN_PLUGIN', `no plugin has the name ${JSON.stringify(name)}`, {
    hint: nearest === undefined ? own : `did you mean ${nearest}?`,
  })
}

function list(specs: readonly PluginSpec[], { terminal, command }: Context, pipeline: string | undefined): string {
  const { paint } = terminal
  const width = Math.max(...specs.map(spec => spec.name.length))
  const lines: string[] = []
  for (const [kind, title] of KINDS) {
    const of_kind = specs.filter(spec => spec.kind === kind)
    if (of_kind.length === 0) continue
    lines.push(paint('bold', title))
    for (const { name, summary } of of_kind)
      lines.push(`  ${paint('cyan', padEnd(name, width))}  ${shorten(summary, terminal.columns - width - 4)}`)
    lines.push('')
  }
  const argument = pipeline === undefined ? '' : ` --pipeline ${quoted(pipeline)}`
  return [...lines, `${command} plugins NAME${argument} shows all about one.`].join('\n')
}

function pages(specs: readonly PluginSpec[], { terminal }: Context): string {
  return specs.map(spec => renderPlugin(spec, terminal.columns, terminal.paint)).join('\n\n')
}

function specJson(spec: PluginSpec): unknown {
  const { name, kind, summary, description, determinism, errors, examples } = spec
  return {
    name,
    kind,
    summary,
    ...(description === undefined ? {} : { description }),
    determinism,
    options: optionsSchema(spec),
    errors,
    examples,
  }
}
