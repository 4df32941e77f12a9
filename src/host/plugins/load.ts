/** Loads the plugins that a pipeline file names: files beside it, and packages that are installed where it is. */
import { readFileSync } from 'node:fs'
import { createRequire, findPackageJSON } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CustodyError } from '../../model/error.ts'
import type { PluginSpec } from '../../sdk/spec.ts'
import { looksLikeSpec, specProblems } from '../../sdk/spec-problems.ts'
import { offerOwnModules } from './own-modules.ts'
import { recordCode } from './plugin-code.ts'

export interface LoadProblem {
  /** Position in the list that was given. */
  readonly index: number
  /** One sentence. */
  readonly message: string
  readonly hint?: string
}

export interface LoadedPlugins {
  readonly plugins: readonly PluginSpec[]
  /** Each stands for a CUSTODY_PLUGIN_LOAD. */
  readonly problems: readonly LoadProblem[]
}

/**
 * Imports each of `./file.ts`, `/absolute/file.js` or `package`, and collects the specs among their exports: a default
 * export that is one or a list, and named ones. All problems are reported; what could be loaded is returned all the same.
 * @param folder absolute; of the pipeline file
 */
export async function loadPlugins(sources: readonly string[], folder: string): Promise<LoadedPlugins> {
  if (sources.length > 0) offerOwnModules()
  const plugins = new Set<PluginSpec>()
  const problems: LoadProblem[] = []
  for (const [index, source] of sources.entries()) {
    try {
      for (const spec of await loadOne(source, folder)) plugins.add(spec)
    } catch (error) {
      if (!(error instanceof CustodyError)) throw error
      problems.push({ index, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) })
    }
  }
  return { plugins: [...plugins], problems }
}

async function loadOne(source: string, folder: string): Promise<readonly PluginSpec[]> {
  const { exports, file, of_package } = await importAny(source, folder)
  const specs = [...new Set(Object.values(exports).flat().filter(looksLikeSpec))]
  if (specs.length === 0) {
    const hint = 'Export plugins made with defineSource, defineTransform, defineGate, defineAggregate or defineSink.'
    throw new CustodyError('CUSTODY_PLUGIN_LOAD', `${source} exports no plugin.`, { hint })
  }
  for (const spec of specs) {
    const problems = specProblems(spec)
    if (problems.length === 0) continue
    throw new CustodyError(
      'CUSTODY_PLUGIN_LOAD',
      `The plugin ${String(spec.name)} in ${source}: ${problems.join('; ')}.`,
    )
  }
  recordCode(specs, file, of_package)
  return specs
}

/** The file that a source names; null if it is a package. */
export function pluginFile(source: string, folder: string): string | null {
  return /^(\.{0,2}\/|[A-Za-z]:[\\/])/.test(source) ? resolve(folder, source) : null
}

interface Imported {
  readonly exports: { readonly [name: string]: unknown }
  readonly file: string
  readonly of_package: boolean
}

async function importAny(source: string, folder: string): Promise<Imported> {
  const named = pluginFile(source, folder)
  const file = named ?? resolvePackage(source, folder)
  try {
    const exports = (await import(pathToFileURL(file).href)) as Imported['exports']
    return { exports, file, of_package: named === null }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CustodyError('CUSTODY_PLUGIN_LOAD', `${source} can’t be loaded: ${firstLine(reason)}`, { cause: error })
  }
}

const firstLine = (text: string) => text.split('\n', 1)[0] as string

/** The file that a package's name stands for, seen from the pipeline's folder. */
function resolvePackage(name: string, folder: string): string {
  const base = join(folder, 'pipeline.js')
  try {
    return createRequire(base).resolve(name)
  } catch (error) {
    const file = entryOfModule(name, base)
    if (file !== null) return file
    const hint = `Install it where the pipeline is: npm install ${name}. A file beside the pipeline is named ./file.ts.`
    throw new CustodyError('CUSTODY_PLUGIN_LOAD', `There is no package ${name} here.`, { hint, cause: error })
  }
}

/** For packages that can be imported only, not required. */
function entryOfModule(name: string, base: string): string | null {
  let manifest: string | undefined
  try {
    manifest = findPackageJSON(name, pathToFileURL(base))
  } catch {
    // Not there at all: the caller says so.
    return null
  }
  if (manifest === undefined) return null
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports?: unknown }
  const entry = entryOf(exports)
  return entry === null ? null : join(dirname(manifest), entry)
}

function entryOf(exports: unknown): string | null {
  if (typeof exports === 'string') return exports
  if (typeof exports !== 'object' || exports === null) return null
  const conditions = exports as { readonly [condition: string]: unknown }
  for (const condition of ['.', 'node', 'import', 'default']) {
    const entry = entryOf(conditions[condition])
    if (entry !== null) return entry
  }
  return null
}
