/**
 * Which file a package gives for a path of its own, as its `exports` say for `import`: pure. Node resolves only from where the module that
 * asks lies, and plugins are looked for where the pipeline lies; `require.resolve` could do that, but it gives what is meant for `require`.
 * https://nodejs.org/api/esm.html#resolution-algorithm-specification
 */

const CONDITIONS: ReadonlySet<string> = new Set(['node', 'import', 'module-sync', 'node-addons', 'default'])

/** `subpath`: `.` or `./x`. null if the package gives nothing there. The file begins with `./`. */
export function exportedFile(exports: unknown, subpath: string): string | null {
  const table = isPaths(exports) ? exports : { '.': exports }
  if (Object.hasOwn(table, subpath) && !subpath.includes('*')) return target(table[subpath], null)
  // The longest beginning says most of what is meant.
  const patterns = Object.keys(table)
    .filter(key => key.includes('*'))
    .sort((a, b) => b.indexOf('*') - a.indexOf('*') || b.length - a.length)
  for (const key of patterns) {
    const [start = '', end = ''] = key.split('*')
    if (subpath.startsWith(start) && subpath.endsWith(end) && subpath.length >= key.length)
      return target(table[key], subpath.slice(start.length, subpath.length - end.length))
  }
  return null
}

/** The paths that it gives, for a message; null where it has no table of them. */
export function exportedPaths(exports: unknown): readonly string[] | null {
  return isPaths(exports) ? Object.keys(exports) : null
}

interface Table {
  readonly [key: string]: unknown
}

const isTable = (value: unknown): value is Table => typeof value === 'object' && value !== null && !Array.isArray(value)

/** By paths, not by conditions. */
const isPaths = (value: unknown): value is Table =>
  isTable(value) && Object.keys(value).every(key => key.startsWith('.'))

function target(value: unknown, star: string | null): string | null {
  if (typeof value === 'string') return value.startsWith('./') ? value.replaceAll('*', star ?? '*') : null
  if (Array.isArray(value)) {
    for (const each of value) {
      const found = target(each, star)
      if (found !== null) return found
    }
    return null
  }
  if (!isTable(value)) return null
  for (const [condition, each] of Object.entries(value)) {
    if (!CONDITIONS.has(condition)) continue
    const found = target(each, star)
    if (found !== null || each === null) return found
  }
  return null
}
