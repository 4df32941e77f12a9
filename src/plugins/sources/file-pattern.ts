/**
 * Patterns of file names, such as `in/*.csv`: which files they are of, and whether a name is one of theirs.
 *
 * FILE-PATTERN-1. What can't be looked at is an error, never a file that is missing in silence.
 * FILE-PATTERN-2. Files come in the order of the bytes of their names, on every system.
 */
import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { relative, resolve, sep } from 'node:path'
import type { Minimatch, MinimatchOptions } from 'minimatch'

/** Whether a path may be a pattern: what has none of these signs is a name. */
export function isPattern(path: string): boolean {
  return /[*?[{]|[!@+]\(/.test(path)
}

/** Whether a path says that it is a folder. */
export function isFolderPath(path: string): boolean {
  return path.endsWith('/')
}

/** All files in a folder, here or in a store. `literal`: signs of patterns in its path are parts of names. */
export function patternOfFolder(path: string, literal: boolean): string {
  const plain = path.replace(/\/+$/, '')
  if (!literal) return `${plain}/*`
  // What stands before the key of an object is part of no pattern.
  const [, root = '', key = ''] = /^([a-z0-9]+:\/\/[^/]*\/?)?(.*)$/s.exec(plain) ?? []
  return `${root}${key.replace(/[*?[\]{}()!@+\\]/g, '\\$&')}/*`
}

/** One part of a pattern between slashes: a name, any number of folders (null), or what a name is tested by. */
type Part = string | null | { test(name: string): boolean }

/** The same everywhere: capitals count, and a name that begins with a dot is meant only where the pattern has the dot. */
const OPTIONS = { platform: 'linux', nocase: false, dot: false, nonegate: true, nocomment: true } as const

export class FilePattern {
  readonly #matcher: Minimatch
  /** One list for each alternative of braces. */
  readonly #alternatives: readonly (readonly Part[])[]

  private constructor(matcher: Minimatch, alternatives: readonly (readonly Part[])[]) {
    this.#matcher = matcher
    this.#alternatives = alternatives
  }

  /** `more`: what is otherwise than usual, for patterns that only names are tested by. */
  static async of(pattern: string, more: Pick<MinimatchOptions, 'dot' | 'matchBase'> = {}): Promise<FilePattern> {
    const { Minimatch } = await import('minimatch')
    const matcher = new Minimatch(pattern, { ...OPTIONS, ...more })
    const alternatives = matcher.set.map(parts => parts.map(part => (typeof part === 'symbol' ? null : part)))
    return new FilePattern(matcher, alternatives)
  }

  /** Of a name with slashes, relative if the pattern is. */
  matches(name: string): boolean {
    return this.#matcher.match(name)
  }

  /** The same of an absolute path, for a pattern that starts from a folder. */
  matchesFrom(folder: string, path: string): boolean {
    const absolute = this.#matcher.pattern.startsWith('/')
    return this.matches((absolute ? path : relative(folder, path)).split(sep).join('/'))
  }

  /**
   * The names of files that it is of, links to files among them, in order; relative ones start from `folder`. Links to folders are
   * followed where the pattern names them, not by `**`.
   * @throws the operating system's error, with `path`, for a folder that can't be read or a link that leads nowhere.
   */
  async files(folder: string): Promise<readonly string[]> {
    const found = new Set<string>()
    for (const parts of this.#alternatives) await walk({ folder, found }, parts, '')
    return [...found].sort(byBytes)
  }
}

export function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}

interface Walk {
  readonly folder: string
  readonly found: Set<string>
}

/** `before`: the way so far, empty or with a slash at its end. */
async function walk(of: Walk, parts: readonly Part[], before: string): Promise<void> {
  const [part, ...rest] = parts
  if (part === undefined) return
  const last = rest.length === 0
  if (typeof part === 'string') {
    // An absolute pattern begins with an empty part; one that ends with a slash is of folders.
    if (!last) return await walk(of, rest, `${before}${part}/`)
    if (part !== '') take(of, before + part, await kindAt(of, before + part))
    return
  }
  if (part === null) await walk(of, last ? [ANYTHING] : rest, before)
  for (const entry of await entriesOf(of, before)) {
    const name = before + entry.name
    if (part === null) {
      if (entry.isDirectory() && !entry.name.startsWith('.')) await walk(of, parts, `${name}/`)
    } else if (part.test(entry.name)) {
      const kind = entry.isSymbolicLink() ? await kindAt(of, name, true) : kindOf(entry)
      if (!last && kind === 'folder') await walk(of, rest, `${name}/`)
      else if (last) take(of, name, kind)
    }
  }
}

function take(of: Walk, name: string, kind: Kind): void {
  if (kind === 'file') of.found.add(name)
  else if (kind === 'other') throw noFile(of, name)
}

const ANYTHING: Part = { test: name => !name.startsWith('.') }

type Kind = 'file' | 'folder' | 'other' | 'nothing'

function kindOf(of: Pick<Dirent, 'isFile' | 'isDirectory'>): Kind {
  return of.isFile() ? 'file' : of.isDirectory() ? 'folder' : 'other'
}

/** `must`: it is there, so that a link leads nowhere if nothing is found. */
async function kindAt({ folder }: Walk, name: string, must = false): Promise<Kind> {
  try {
    return kindOf(await stat(resolve(folder, name)))
  } catch (error) {
    if (!must && isAbsence(error)) return 'nothing'
    throw error
  }
}

async function entriesOf({ folder }: Walk, before: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(resolve(folder, before === '/' ? before : before.slice(0, -1)), { withFileTypes: true })
  } catch (error) {
    // Another way of the pattern may lead somewhere.
    if (isAbsence(error)) return []
    throw error
  }
}

function isAbsence(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return code === 'ENOENT' || code === 'ENOTDIR'
}

function noFile({ folder }: Walk, name: string): Error {
  const path = resolve(folder, name)
  return Object.assign(new Error('a pipe or a device can’t be one of several files'), { code: 'ENOTFILE', path })
}
