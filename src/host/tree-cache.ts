/**
 * Keeps what makes the second look into a long log quick (read/evidence/log-tree.ts), in the user's cache folder. Nothing in it
 * is trusted, and nothing is lost with it.
 */
import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { Environment } from '../ledger/config-folder.ts'
import type { TreeCache } from '../read/evidence/log-tree.ts'

/** In `$XDG_CACHE_HOME/custody/trees`, else `~/.cache/custody/trees`. What can't be read or written there isn't kept. */
export function treeCache(env: Environment): TreeCache {
  // Relative ones don't count: XDG Base Directory Specification.
  const given = env.XDG_CACHE_HOME ?? ''
  const base = isAbsolute(given) ? given : join(homedir(), '.cache')
  const folder = join(base, 'custody', 'trees')
  const pathOf = (name: string) => join(folder, createHash('sha256').update(name).digest('hex').slice(0, 32))
  return {
    read: name => unlessRefused(() => readFileSync(pathOf(name))),
    write: (name, roots) => {
      unlessRefused(() => {
        const temporary = `${pathOf(name)}.${randomUUID()}`
        // One by one: where no folder can be made, as in /proc, `recursive` never returns.
        for (const each of [base, join(base, 'custody'), folder]) makeFolder(each)
        writeFileSync(temporary, roots, { mode: 0o600, flag: 'wx' })
        renameSync(temporary, pathOf(name))
      })
    },
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** null if the system refuses: without a cache all is the same, only slower. */
function unlessRefused<T>(work: () => T): T | null {
  try {
    return work()
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code === 'string') return null
    throw error
  }
}
