/** Loads the plugins that a pipeline file names: files beside it, and packages that are installed where it is. */
import { pathToFileURL } from 'node:url'
import { CustodyError, isCustodyError } from '../../model/error.ts'
import type { PluginSpec } from '../../sdk/spec.ts'
import { looksLikeSpec, specProblems } from '../../sdk/spec-problems.ts'
import { findPlugin } from './find-plugin.ts'
import { importFailure } from './import-failure.ts'
import { offerOwnModules } from './own-modules.ts'
import { recordCode } from './plugin-code.ts'
import { followSourceMaps } from './source-maps.ts'

export interface LoadProblem {
  /** Position in the list that was given. */
  readonly index: number
  /** One sentence. */
  readonly message: string
  readonly hint?: string
}

export interface LoadedPlugin {
  readonly spec: PluginSpec
  /** Position in the list that was given. */
  readonly index: number
}

export interface LoadedPlugins {
  /** Each once, however often it is exported. */
  readonly plugins: readonly LoadedPlugin[]
  /** Each stands for a CUSTODY_PLUGIN_LOAD. */
  readonly problems: readonly LoadProblem[]
}

/**
 * Imports each of `./file.ts`, `/absolute/file.js` or `package`, and collects the specs among their exports. All problems are
 * reported; what could be loaded is returned all the same.
 * @param folder absolute; of the pipeline file
 */
export async function loadPlugins(sources: readonly string[], folder: string): Promise<LoadedPlugins> {
  const plugins = new Map<PluginSpec, LoadedPlugin>()
  const problems: LoadProblem[] = []
  for (const [index, source] of sources.entries()) {
    try {
      for (const spec of await loadPlugin(source, folder)) {
        const [problem] = specProblems(spec)
        if (problem !== undefined) throw unsound(source, spec)
        if (!plugins.has(spec)) plugins.set(spec, { spec, index })
      }
    } catch (error) {
      if (!isCustodyError(error)) throw error
      problems.push({ index, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) })
    }
  }
  return { plugins: [...plugins.values()], problems }
}

/**
 * What looks like a plugin among the exports of one of them: a default export that is one, a list of them or a table of them (as what
 * CommonJS exports is), and named ones. Whether they are sound isn't looked at.
 * @throws CustodyError CUSTODY_PLUGIN_LOAD.
 */
export async function loadPlugin(source: string, folder: string): Promise<readonly PluginSpec[]> {
  offerOwnModules()
  followSourceMaps()
  const { file, of_package } = findPlugin(source, folder)
  const specs = specsIn(await importFile(source, file, folder))
  if (specs.length === 0) {
    const hint = 'Export plugins made with defineSource, defineTransform, defineGate, defineAggregate or defineSink.'
    throw new CustodyError('CUSTODY_PLUGIN_LOAD', `${source} exports no plugin.`, { hint, where: { file } })
  }
  recordCode(specs, file, of_package)
  return specs
}

async function importFile(source: string, file: string, folder: string): Promise<Exports> {
  try {
    return (await import(pathToFileURL(file).href)) as Exports
  } catch (error) {
    throw importFailure(source, file, folder, error)
  }
}

interface Exports {
  readonly [name: string]: unknown
}

function specsIn(exports: Exports): readonly PluginSpec[] {
  const values = Object.values(exports)
  const tables = values.flatMap(each => (isTable(each) ? Object.values(each) : []))
  return [...new Set([...values, ...tables].flat().filter(looksLikeSpec))]
}

const isTable = (value: unknown): value is Exports =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !looksLikeSpec(value)

function unsound(source: string, spec: PluginSpec): CustodyError {
  const message = `The plugin ${String(spec.name)} in ${source}: ${specProblems(spec).join('; ')}.`
  return new CustodyError('CUSTODY_PLUGIN_LOAD', message)
}
