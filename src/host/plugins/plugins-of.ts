/** The plugins that a pipeline can use, and what is wrong with those that it names. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { PipelineFile } from '../../config/pipeline.ts'
import type { Diagnostic } from '../../model/error.ts'
import { builtins } from '../../plugins/index.ts'
import { Catalogue } from '../../sdk/catalogue.ts'
import { installedIn } from './find-plugin.ts'
import { type LoadedPlugin, loadPlugins } from './load.ts'
import { knownManifest, type Manifest } from './manifest.ts'

export interface PluginsOf {
  /** The built-ins, and those that the file names, but for second ones of a name. */
  readonly catalogue: Catalogue
  readonly diagnostics: readonly Diagnostic[]
}

export async function pluginsOf(pipeline: PipelineFile): Promise<PluginsOf> {
  const { plugins: sources } = pipeline.config
  const { plugins, problems } = await loadPlugins(sources, pipeline.folder)
  let catalogue = new Catalogue(builtins)
  const diagnostics = problems.map(({ index, message, hint }) => problemAt(pipeline, index, message, hint))
  const loaded: LoadedPlugin[] = []
  for (const each of plugins) {
    const { kind, name } = each.spec
    if (catalogue.get(kind, name) === undefined) {
      catalogue = catalogue.with([each.spec])
      loaded.push(each)
      continue
    }
    const other = loaded.find(({ spec }) => spec.kind === kind && spec.name === name)
    const whose = other === undefined ? 'Custody itself' : String(sources[other.index])
    const message = `There are two ${kind}s of the name ${name}: that of ${sources[each.index]}, and one of ${whose}`
    diagnostics.push(problemAt(pipeline, each.index, message, 'Rename one of them; the names of built-ins are taken.'))
  }
  return { catalogue, diagnostics }
}

function problemAt(pipeline: PipelineFile, index: number, message: string, hint: string | undefined): Diagnostic {
  const span = pipeline.locate(['plugins', index])
  return {
    ...span,
    file: span.file ?? pipeline.file,
    severity: 'error',
    code: 'CUSTODY_PLUGIN_LOAD',
    message: message.replace(/\.$/, ''),
    ...(hint === undefined ? {} : { hint }),
  }
}

/** The keyword by which packages with plugins are found. */
export const PLUGIN_KEYWORD = 'custody-plugin'

/** The same, where a plugin is unknown, with what may be meant by it: a package that is installed, and that the file doesn't name. */
export function withPackageHints(diagnostics: readonly Diagnostic[], pipeline: PipelineFile): readonly Diagnostic[] {
  if (diagnostics.every(({ code }) => code !== 'CUSTODY_UNKNOWN_PLUGIN')) return diagnostics
  const { plugins } = pipeline.config
  const unlisted = pluginPackages(pipeline.folder).filter(name =>
    plugins.every(each => each !== name && !each.startsWith(`${name}/`)),
  )
  const installed =
    unlisted.length === 0
      ? null
      : `${unlisted.join(', ')} ${unlisted.length === 1 ? 'is' : 'are'} installed and not named under \`plugins\``
  return diagnostics.map(each => {
    if (each.code !== 'CUSTODY_UNKNOWN_PLUGIN') return each
    const { hint } = each
    const is_guess = hint?.endsWith('?') === true
    const more = installed ?? (is_guess || plugins.length > 0 ? null : UNNAMED)
    if (more === null) return each
    return { ...each, hint: hint === undefined ? more : `${hint}${is_guess ? ' ' : '; '}${more}` }
  })
}

const UNNAMED = 'a plugin that isn’t built in needs its file or package under `plugins`'

/** Those that the project of the folder depends on, by their keyword. */
function pluginPackages(folder: string): readonly string[] {
  const project = manifestAbove(folder)
  const names = [...Object.keys(project?.dependencies ?? {}), ...Object.keys(project?.devDependencies ?? {})]
  return names.filter(name => {
    const at = installedIn(name, folder)
    const keywords = at === null ? [] : knownManifest(at)?.keywords
    return Array.isArray(keywords) && keywords.includes(PLUGIN_KEYWORD)
  })
}

function manifestAbove(folder: string): Manifest | null {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return knownManifest(at)
    if (dirname(at) === at) return null
  }
}
