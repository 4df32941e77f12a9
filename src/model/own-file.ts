/**
 * Custody's own files that are found by their place: what threads start with, libraries that few commands need, what the build wrote
 * down. They have the same places below src/ and, compiled (scripts/bundle.js), below dist/.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseJson } from './json.ts'

/** src/ or dist/: this file is one folder below it, compiled or not. */
const TOP = new URL('../', import.meta.url)
const ENDING = extname(import.meta.url) === '.ts' ? '.ts' : '.js'

/** A module, by its path below src/ without the ending. What is named here is an entry of the bundle. */
export const ownModule = (path: string): URL => new URL(`${path}${ENDING}`, TOP)

/** Any other file, by its path from src/ or dist/. */
export const ownFile = (path: string): URL => new URL(path, TOP)

/** What a module exports, loaded where there is no time to wait for an import. */
export const loadOwnModule = (path: string): unknown => createRequire(import.meta.url)(fileURLToPath(ownModule(path)))

/** Of this program. */
export function ownVersion(): string {
  // cast: what Custody's own package.json has.
  return (parseJson(readFileSync(ownFile('../package.json'), 'utf8')) as { readonly version: string }).version
}
