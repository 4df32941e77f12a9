/**
 * Files that a run must not write to, because it needs them as they are, or writes them otherwise. A file is the same whatever
 * it is called: through links of both kinds, and also if it isn't there yet. What is in a store is what its URL says.
 */
import { type BigIntStats, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { absolutePlace, isStoreUrl } from '../../../model/store-url.ts'
import type { Plan, PlanNode } from '../../../plan/plan.ts'
import type { PluginSpec } from '../../../sdk/spec.ts'

export class FilesInUse {
  readonly #files = new Map<string, string>()
  readonly #folders = new Map<string, string>()
  readonly #rules: ((path: string) => string | null)[] = []

  /** `what` the file is, as in "which is the ledger". */
  add(path: string, what: string): this {
    this.#files.set(keyOf(path), what)
    return this
  }

  /** All that is in it, however deep. */
  addFolder(path: string, what: string): this {
    this.#folders.set(keyOf(path), what)
    return this
  }

  /** A file that is open, by its device and inode. */
  addOpen({ dev, ino }: Pick<BigIntStats, 'dev' | 'ino'>, what: string): this {
    this.#files.set(`${dev}:${ino}`, what)
    return this
  }

  /** `rule` says what a file with an absolute path is, or would be if it were there; null if it is nothing. */
  addRule(rule: (path: string) => string | null): this {
    this.#rules.push(rule)
    return this
  }

  /** The path with its links followed, as far as it is there. */
  realPath(path: string): string {
    return realOf(path)
  }

  /** What the file at this path is; null if it isn't in use. */
  find(path: string): string | null {
    const found = this.#files.get(keyOf(path))
    if (found !== undefined) return found
    for (const rule of this.#rules) {
      const what = rule(path)
      if (what !== null) return what
    }
    if (isStoreUrl(path)) return null
    for (let each = dirname(realOf(path)); ; each = dirname(each)) {
      const folder = this.#folders.get(keyOf(each))
      if (folder !== undefined) return folder
      if (each === dirname(each)) return null
    }
  }
}

/** Adds what the plugins of the plan read. */
export function addFilesRead(plan: Plan, in_use: FilesInUse): FilesInUse {
  for (const [path, node] of plan.files) in_use.add(absolutePlace(plan.folder, path), `which is part of \`${node}\``)
  for (const node of plan.nodes) {
    const plugin = pluginOf(node)
    for (const path of plugin?.spec.reads?.(plugin.options) ?? [])
      in_use.add(absolutePlace(plan.folder, path), `which \`${node.name}\` reads`)
  }
  return in_use
}

export function pluginOf(node: PlanNode): { readonly spec: PluginSpec; readonly options: unknown } | null {
  switch (node.kind) {
    case 'source':
    case 'transform':
    case 'aggregate':
    case 'sink':
      return node.plugin
    case 'gate':
      return node.by.kind === 'plugin' ? node.by.plugin : null
    default:
      return null
  }
}

/** Device and inode; of a file that isn't there, those of the nearest folder above it, and the way from there. */
function keyOf(path: string): string {
  // Nothing in a store has two names.
  if (isStoreUrl(path)) return path
  const own = statOf(path)
  if (own !== null) return idOf(own)
  let folder = dirname(realOf(path))
  let found = statOf(folder)
  while (found === null && folder !== dirname(folder)) {
    folder = dirname(folder)
    found = statOf(folder)
  }
  if (found === null) return path
  const way = relative(folder, realOf(path)).normalize('NFC')
  return `${idOf(found)}/${ignoresCase(folder, found) ? way.toLowerCase() : way}`
}

/** The path with its links followed, as far as it is there. A link that leads nowhere counts as what it is called. */
function realOf(path: string): string {
  try {
    return realpathSync.native(path)
  } catch {
    return path === dirname(path) ? path : join(realOf(dirname(path)), basename(path))
  }
}

/** Whether a folder is there under its name in other letters, too. */
function ignoresCase(folder: string, { dev, ino }: BigIntStats): boolean {
  for (let each = folder; each !== dirname(each); each = dirname(each)) {
    const name = basename(each)
    const other = name === name.toUpperCase() ? name.toLowerCase() : name.toUpperCase()
    if (other === name) continue
    const there = each === folder ? { dev, ino } : statOf(each)
    const found = statOf(join(dirname(each), other))
    return found !== null && found.dev === there?.dev && found.ino === there.ino
  }
  return false
}

function idOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`
}

/** null for what isn't there, or can't be looked at. */
function statOf(path: string): BigIntStats | null {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false }) ?? null
  } catch {
    return null
  }
}
