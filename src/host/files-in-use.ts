/** Files that no sink may write to, whatever the plan reads: Custody's own, the pipeline's, and those that the process writes. */
import { fstatSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { FilesInUse } from '../engine/nodes/sink/files-in-use.ts'
import { folderOfLedger } from '../ledger/beside.ts'
import { configFolder, type Environment } from '../ledger/keys/config-folder.ts'
import { keyPlace } from '../ledger/keys/keys.ts'
import type { Plan } from '../plan/plan.ts'
import { pluginFile } from './plugins/find-plugin.ts'
import { spillFolder } from './spill-folder.ts'

/** What SQLite has beside a file that it writes. */
const SQLITE_FILES = ['', '-wal', '-shm', '-journal']

/**
 * `url` is the ledger's; the path of a key in `env` is taken from `cwd`.
 * @param cwd absolute
 */
export function filesInUse(
  env: Environment,
  cwd: string,
  url: string,
  { folder, file, limits, plugins }: Plan,
): FilesInUse {
  const in_use = ownFiles(env, cwd, url)
  in_use.add(join(folder, basename(file)), 'which is the pipeline file')
  for (const source of plugins) {
    const path = pluginFile(source, folder)
    if (path !== null) in_use.add(path, 'which has plugins')
  }
  if (limits.file !== null) addDatabase(in_use, limits.file, 'in which runs of this machine keep limits together')
  for (const [descriptor, what] of [
    'standard input comes from',
    'standard output goes to',
    'errors are written to',
  ].entries()) {
    const stats = statOpen(descriptor)
    if (stats?.isFile() === true) in_use.addOpen(stats, `which ${what}`)
  }
  return in_use
}

/** Custody's own, whatever runs: the ledger at `url`, the configuration folder, the key; as for `filesInUse`. */
export function ownFiles(env: Environment, cwd: string, url: string): FilesInUse {
  const in_use = new FilesInUse()
  if (url.startsWith('sqlite:')) addDatabase(in_use, url.slice('sqlite:'.length), 'which is the ledger')
  const own = folderOfLedger(url, env)
  if (own !== null) in_use.addFolder(own, 'in which Custody keeps what belongs to the ledger')
  in_use.addFolder(spillFolder(url), 'in which Custody keeps what doesn’t fit into memory')
  in_use.addFolder(configFolder(env), 'in which Custody keeps its own configuration')
  const key = keyPlace(env)
  if (key.kind === 'file') in_use.add(resolve(cwd, key.path), 'which is the signing key')
  return in_use
}

function addDatabase(in_use: FilesInUse, path: string, what: string): void {
  for (const each of SQLITE_FILES) in_use.add(`${in_use.realPath(path)}${each}`, what)
}

/** null for one that isn't open. */
function statOpen(descriptor: number) {
  try {
    return fstatSync(descriptor, { bigint: true })
  } catch {
    return null
  }
}
