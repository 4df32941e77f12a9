import { mkdirSync, statSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * What Node compiles is kept for the next start, in the user's cache (or $NODE_COMPILE_CACHE). Only in a folder into which nobody else
 * writes: what lies there is run. Without, all is the same, only slower.
 */
export function keepCompiled() {
  try {
    const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'custody', 'compiled')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const { uid, mode } = statSync(folder)
    const is_own = process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0)
    if (is_own) enableCompileCache(folder)
  } catch (error) {
    if (typeof error.code !== 'string') throw error
  }
}
