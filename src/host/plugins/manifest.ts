/** package.json, as far as it matters for plugins. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isObject } from '../../model/row.ts'

export interface Manifest {
  readonly exports?: unknown
  readonly main?: unknown
  readonly keywords?: unknown
  readonly dependencies?: object
  readonly devDependencies?: object
}

/** null if it can't be read, or is no object. */
export function manifestIn(folder: string): Manifest | null {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    return isObject(manifest) ? (manifest as Manifest) : null
  } catch {
    return null
  }
}
