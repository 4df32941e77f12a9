/** package.json, as far as it matters for plugins. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseJson } from '../../model/json.ts'
import { isObject } from '../../model/row.ts'

export interface Manifest {
  readonly exports?: unknown
  readonly main?: unknown
  readonly keywords?: unknown
  readonly dependencies?: object
  readonly devDependencies?: object
}

export type ReadManifest =
  | { readonly ok: true; readonly manifest: Manifest }
  /** `why` is a part of a sentence. */
  | { readonly ok: false; readonly why: string; readonly cause?: unknown }

export function manifestIn(folder: string): ReadManifest {
  try {
    const manifest = parseJson(readFileSync(join(folder, 'package.json'), 'utf8'))
    return isObject(manifest)
      ? { ok: true, manifest: manifest as Manifest }
      : { ok: false, why: 'it is no JSON object' }
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    return { ok: false, why: cause instanceof SyntaxError ? `it is no JSON (${message})` : message, cause }
  }
}

/** Where it only serves a hint: nothing is known where it can't be read. */
export function knownManifest(folder: string): Manifest | null {
  const read = manifestIn(folder)
  return read.ok ? read.manifest : null
}
