/** The file that a pipeline means by `./file.ts`, `/absolute/file.js`, `./package-folder`, `package`, `@scope/package` or `package/path`. */
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { CustodyError } from '../../model/error.ts'
import { nearestNames } from '../../model/nearest.ts'
import { type Manifest, manifestIn } from './manifest.ts'
import { exportedFile, exportedPaths } from './package-exports.ts'

export interface FoundPlugin {
  /** Absolute. */
  readonly file: string
  readonly of_package: boolean
}

/** The file that a source names; null if it is a package. */
export function pluginFile(source: string, folder: string): string | null {
  return /^(\.{0,2}\/|\.{1,2}$|[A-Za-z]:[\\/])/.test(source) ? resolve(folder, source) : null
}

/** @param folder absolute; of the pipeline file. @throws CustodyError CUSTODY_PLUGIN_LOAD. */
export function findPlugin(source: string, folder: string): FoundPlugin {
  const file = pluginFile(source, folder)
  return file === null ? { file: fileOfPackage(source, folder), of_package: true } : existing(source, file)
}

const problem = (message: string, hint: string, cause?: unknown) =>
  new CustodyError('CUSTODY_PLUGIN_LOAD', message, { hint, cause })

function existing(source: string, file: string): FoundPlugin {
  const found = statSync(file, { throwIfNoEntry: false })
  if (found?.isFile() === true) return { file, of_package: false }
  if (found !== undefined) return { file: entryOf(source, file), of_package: true }
  const folder = dirname(file)
  const beside = existsSync(folder) ? readdirSync(folder).filter(name => /\.[cm]?[jt]s$/.test(name)) : []
  const [near] = nearestNames(basename(file), beside)
  const hint =
    near === undefined
      ? `It would be ${file}.`
      : `did you mean ${source.slice(0, source.length - basename(source).length)}${near}?`
  throw problem(`There is no file ${source}.`, hint)
}

/** The file that a package gives which lies in a folder that was named. */
function entryOf(source: string, folder: string): string {
  if (!existsSync(join(folder, 'package.json')))
    throw problem(`${source} is a folder.`, 'Name the file in it that exports the plugins.')
  const { exports, main } = readManifest(folder)
  const entry = exportedFile(exports ?? `./${typeof main === 'string' ? main.replace(/^\.\//, '') : 'index.js'}`, '.')
  const file = entry === null ? folder : join(folder, entry)
  if (statSync(file, { throwIfNoEntry: false })?.isFile() === true) return file
  throw problem(
    `The package in ${source} has no ${entry ?? 'file to import'}.`,
    'Build it, or name the file with its source.',
  )
}

// ── packages ────────────────────────────────────────────────────────────────────────────────────────────────────────

function fileOfPackage(source: string, folder: string): string {
  const [, name, path = ''] = /^((?:@[^/]+\/)?[^/]+)(\/.*)?$/.exec(source) ?? []
  if (existsSync(resolve(folder, source)) && /\.[cm]?[jt]s$/.test(source))
    throw problem(`There is no package ${source}.`, `The file is named ./${source}.`)
  if (name === undefined || isBuiltin(source))
    throw problem(`${source} is no package with plugins.`, 'Name a file (./file.ts) or a package that is installed.')
  const installed = installedIn(name, folder)
  const { exports } = installed === null ? {} : readManifest(installed)
  if (installed === null || exports === undefined || exports === null) return required(source, name, folder)
  const file = exportedFile(exports, `.${path}`)
  if (file !== null) return join(installed, file)
  const known = (exportedPaths(exports) ?? ['.']).map(each => `${name}${each.slice(1)}`)
  throw problem(
    path === '' ? `The package ${name} exports nothing by itself.` : `The package ${name} exports no ${path.slice(1)}.`,
    `It exports ${known.join(', ')}.`,
  )
}

/** As Node looks for it: in `node_modules` of the folder and of those above it. A link is followed. */
export function installedIn(name: string, folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    const found = join(at, 'node_modules', name)
    if (existsSync(join(found, 'package.json'))) return realpathSync(found)
    if (dirname(at) === at) return null
  }
}

function readManifest(folder: string): Manifest {
  const read = manifestIn(folder)
  if (read.ok) return read.manifest
  throw problem(`${join(folder, 'package.json')} can’t be read: ${read.why}.`, 'Install the package again.', read.cause)
}

/** Packages without `exports`, and those that something else than a folder holds (Plug’n’Play, NODE_PATH). */
function required(source: string, name: string, folder: string): string {
  try {
    return createRequire(join(folder, 'pipeline.yaml')).resolve(source)
  } catch (error) {
    if (installedIn(name, folder) !== null)
      throw problem(
        `The package ${name} has no ${source === name ? 'main file' : `file ${source}`}.`,
        `Build it, or install it again: npm install ${name}`,
        error,
      )
    throw problem(
      `There is no package ${name}, neither in ${join(folder, 'node_modules')} nor in one of a folder above.`,
      `Install it there: npm install ${name}. A file is named by its path, as in ./file.ts.`,
      error,
    )
  }
}
