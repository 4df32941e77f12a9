/** Makes folders. */
import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a folder, and those above it that are missing. Returns the topmost one that was made, or undefined. Node's own
 * `recursive` never comes back where the system calls a folder missing whose parent is there, as in Linux's /proc.
 * @throws Error of the system (ENOTDIR, EACCES, …).
 */
export function makeFolders(folder: string, mode = 0o777): string | undefined {
  const missing: string[] = []
  for (let each = folder; !existsSync(each) && dirname(each) !== each; each = dirname(each)) missing.push(each)
  const top = missing.at(-1)
  for (const each of missing.reverse()) makeFolder(each, mode)
  return top
}

function makeFolder(folder: string, mode: number): void {
  try {
    mkdirSync(folder, { mode })
  } catch (error) {
    // Another process may have been first.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
