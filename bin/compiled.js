import { mkdirSync, statSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/**
 * What Node compiles is kept for the next start, in the user's cache (or $NODE_COMPILE_CACHE). Only in a folder into which nobody else
 * writes: what lies there is run. Without, all is the same, only slower.
 */
export function keepCompiled() {
  try {
    const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
    if (!isAbsolute(cache)) return
    const folder = join(cache, 'custody', 'compiled')
    // One by one: where no folder can be made, as in /proc, `recursive` never returns.
    for (const each of [cache, join(cache, 'custody'), folder]) makeFolder(each)
    const { uid, mode } = statSync(folder)
    const is_own = process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0)
    if (is_own) enableCompileCache(folder)
  } catch (error) {
    if (typeof error.code !== 'string') throw error
  }
}

function makeFolder(path) {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  }
}
