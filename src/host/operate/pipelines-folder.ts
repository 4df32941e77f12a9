/**
 * The folder of pipelines that a server may start. Pipelines name plugins, and plugins are code: what lies elsewhere is never started, by
 * whatever path or link it is named.
 */
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { PipelineFile } from '../../api/operate.ts'
import { loadPipeline } from '../../config/load.ts'
import type { Environment } from '../../ledger/keys/config-folder.ts'
import { CustodyError } from '../../model/error.ts'

const DEPTH = 5
const MOST_FILES = 200

export class PipelinesFolder {
  /** Without links. */
  readonly folder: string
  private readonly env: Environment

  /** `folder` is absolute. @throws CustodyError CUSTODY_FILE_NOT_FOUND */
  constructor(folder: string, env: Environment) {
    this.folder = realFolder(folder)
    this.env = env
  }

  /** Those that are there, each with what is wrong with its file; plugins aren't loaded for that. */
  async list(): Promise<readonly PipelineFile[]> {
    const files: string[] = []
    collect(this.folder, DEPTH, files)
    const found = files.sort().map(async (file): Promise<PipelineFile> => {
      const { pipeline, diagnostics } = await loadPipeline(file, { env: this.env, overrides: [] })
      const errors = diagnostics.filter(each => each.severity === 'error')
      return {
        path: relative(this.folder, file),
        name: pipeline?.config.name ?? null,
        problems: errors.map(({ line, column, message }) => `${line}:${column}: ${message}`),
      }
    })
    return Promise.all(found)
  }

  /** The absolute path, without links, of a file that is named from the folder. @throws CustodyError CUSTODY_FILE_NOT_FOUND, CUSTODY_FORBIDDEN */
  fileOf(path: string): string {
    return this.within(resolve(this.folder, path))
  }

  /** The same of a file that a run names, which may lie elsewhere. @throws CustodyError CUSTODY_FILE_NOT_FOUND, CUSTODY_FORBIDDEN */
  within(file: string): string {
    // What lies outside by its name isn't looked for: whether it is there is nobody's business.
    if (!isBelow(file, this.folder) && !isBelow(realOrNull(file) ?? file, this.folder)) throw outside()
    const real = realOrNull(file)
    if (real !== null && !isBelow(real, this.folder)) throw outside()
    if (real === null || !statSync(real).isFile())
      throw new CustodyError(
        'CUSTODY_FILE_NOT_FOUND',
        `the folder of pipelines has no file ${shown(file, this.folder)}`,
      )
    return real
  }
}

function outside(): CustodyError {
  return new CustodyError('CUSTODY_FORBIDDEN', 'the pipeline isn’t in the folder that may be run from here', {
    hint: 'Whoever starts the server names that folder with --pipelines.',
  })
}

function realFolder(folder: string): string {
  const real = realOrNull(folder)
  if (real === null || !statSync(real).isDirectory())
    throw new CustodyError('CUSTODY_FILE_NOT_FOUND', `--pipelines ${folder}: there is no such folder`)
  return real
}

function realOrNull(path: string): string | null {
  try {
    return realpathSync(path)
  } catch (error) {
    if (
      error instanceof Error &&
      'code' in error &&
      ['ENOENT', 'ENOTDIR', 'EACCES', 'ENAMETOOLONG', 'ELOOP'].includes(String(error.code))
    )
      return null
    throw error
  }
}

function isBelow(path: string, folder: string): boolean {
  const from = relative(folder, path)
  return from !== '' && from !== '..' && !from.startsWith(`..${sep}`) && !isAbsolute(from)
}

function shown(file: string, folder: string): string {
  return JSON.stringify(isBelow(file, folder) ? relative(folder, file) : file)
}

/** Files that look like pipelines: not those of tests, and nothing behind a link. */
function collect(folder: string, depth: number, found: string[]): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (found.length >= MOST_FILES) return
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    const path = join(folder, entry.name)
    if (entry.isDirectory() && depth > 0) collect(path, depth - 1, found)
    else if (
      entry.isFile() &&
      /(?<!\.test)\.ya?ml$/.test(entry.name) &&
      /^sources\s*:/m.test(readFileSync(path, 'utf8'))
    )
      found.push(path)
  }
}
