/**
 * The files of a plugin: the one that was named, all that it imports by a relative path, and all that these import in turn. What it
 * imports by a package's name isn't its own.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { parseJson } from '../../model/json.ts'
import { type Hash, sha256Hex } from '../../model/sha256.ts'

/** `import … from './x'`, `export … from`, `import('./x')`, `require('./x')`, `new URL('./x', import.meta.url)`. */
const RELATIVE = /(?:\bfrom|\bimport|\brequire|\bURL)\s*\(?\s*(["'`])(?<path>\.{1,2}\/[^"'`\n]+)\1/g
/** What may be left out behind a required path, and `.ts` sources of what is imported as `.js`. */
const ENDINGS = ['', '.js', '.cjs', '.mjs', '.ts', '.mts', '.json', '/index.js', '/index.ts']
/** More than any plugin has: imports beyond this number aren't followed. */
const MAX_FILES = 2_000

/**
 * A hash of their contents and their relative places, whatever folder they lie in. Files that are imported and aren't there don't count.
 * @param entry absolute path
 */
export function hashOfFiles(entry: string): Hash {
  const lines = [...contentsOf(entry)].map(
    ([path, bytes]) => `${relative(dirname(entry), path).replaceAll('\\', '/')} ${sha256Hex(bytes)}\n`,
  )
  return sha256Hex(lines.sort().join(''))
}

/** Their absolute paths, the entry first. */
export function ownFiles(entry: string): readonly string[] {
  return [...contentsOf(entry).keys()]
}

function contentsOf(entry: string): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>()
  const rest = [entry]
  for (let path = rest.pop(); path !== undefined && found.size < MAX_FILES; path = rest.pop()) {
    if (found.has(path)) continue
    const bytes = readFileSync(path)
    found.set(path, bytes)
    if (!/\.[cm]?[jt]sx?$/.test(path)) continue
    for (const { groups } of bytes.toString('utf8').matchAll(RELATIVE)) {
      const imported = fileAt(resolve(dirname(path), groups?.path ?? ''))
      if (imported !== null) rest.push(imported)
    }
  }
  return found
}

/** The package that a file belongs to: the nearest package.json above it that has a name. null if there is none. */
export function packageOf(file: string): { readonly name: string; readonly version?: string } | null {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json')
    if (existsSync(manifest)) {
      const { name, version } = parseJson(readFileSync(manifest, 'utf8')) as { name?: unknown; version?: unknown }
      if (typeof name === 'string') return typeof version === 'string' ? { name, version } : { name }
    }
    if (dirname(folder) === folder) return null
  }
}

function fileAt(path: string): string | null {
  for (const ending of ENDINGS) {
    const found = `${path}${ending}`
    if (statSync(found, { throwIfNoEntry: false })?.isFile() === true) return found
  }
  return null
}
