/**
 * The files that rows have named so far, of a sink whose path depends on the row.
 *
 * NAMED-FILES-1. Two paths that a file system may take for one (by case, by Unicode form, through links of folders) are one file; it has the
 *     name that came first.
 * NAMED-FILES-2. Nothing is touched, and a row that makes no text makes no file.
 */
import { dirname, join } from 'node:path'
import type { Json, Row } from '../../model/row.ts'
import { rowError } from '../../sdk/results.ts'
import type { RowError } from '../../sdk/spec.ts'
import type { ExistingFile, RowFormat } from './file-sink.ts'
import { foldedName } from './path-segment.ts'
import type { PathTemplate } from './path-template.ts'
import type { Found } from './row-spool.ts'

export interface NamedFile {
  /** From 0; null until it has a row. */
  number: number | null
  /** Behind the root, in the spelling that came first. */
  readonly names: string
  /** Absolute; links of folders are followed. */
  readonly path: string
  /** What stood there when the run first had a row for it. */
  readonly found: Found | null
  readonly format: RowFormat
  rows: number
  /** Its format's state, as it is on record; undefined if none is. */
  state: Json | undefined
}

export interface NamingPorts {
  readonly ground: Ground
  readonly template: PathTemplate
  /** The folder that all paths begin with; on a disk absolute, without links. */
  readonly root: string
  /** What all names end with besides. */
  readonly ending: string
  readonly newFormat: () => RowFormat
  readonly max_files: number
  /** What a file is that the run needs or writes otherwise; null for any other. */
  readonly inUse: (path: string) => string | null
}

/** What may stand already where rows have their files. */
export interface Ground {
  /** The path with links of folders followed. @throws CustodyError CUSTODY_SINK. */
  place(path: string): string
  /**
   * What stands there; null if nothing does.
   * @throws CustodyError CUSTODY_TARGET_EXISTS, CUSTODY_OUTPUT_HELD, CUSTODY_SINK if no file can stand there.
   */
  find(path: string): Found | null
  /** What rows are written behind; null where they aren't. */
  existing(path: string, found: Found): ExistingFile | null
}

/** Nothing is there, and nobody looks. */
export const EMPTY_GROUND: Ground = { place: path => path, find: () => null, existing: () => null }

/** Spellings of one name that are remembered, for each file. */
const SPELLINGS = 4

export class NamedFiles {
  readonly all: NamedFile[] = []
  readonly #ports: NamingPorts
  /** By what stands behind the root, as rows write it. */
  readonly #by_spelling = new Map<string, NamedFile>()
  /** By folded path. */
  readonly #by_path = new Map<string, NamedFile>()
  /** By folded names, how folders are spelled. */
  readonly #folders = new Map<string, string>()

  constructor(ports: NamingPorts) {
    this.#ports = ports
  }

  clear(): void {
    this.all.length = 0
    this.#by_spelling.clear()
    this.#by_path.clear()
    this.#folders.clear()
  }

  /**
   * The file for a row, which may be a new one: it counts once it is kept.
   * @throws CustodyError CUSTODY_TARGET_EXISTS, CUSTODY_OUTPUT_HELD, CUSTODY_SINK if no file can stand there.
   */
  of(row: Row): NamedFile | RowError {
    const names = this.#ports.template.render(row)
    if (typeof names !== 'string') return names
    const known = this.#by_spelling.get(names)
    if (known !== undefined) return known
    const problem = this.#ports.template.problemOf(names, row)
    if (problem !== null) return problem
    const file = this.#at(this.#spelled(names + this.#ports.ending))
    if ('number' in file && file.number !== null) this.#remember(names, file)
    return file
  }

  /** It has a row. */
  keep(file: NamedFile): number {
    file.number = this.all.length
    this.all.push(file)
    this.#by_path.set(foldedName(file.path), file)
    for (let each = dirname(file.names); each !== '.'; each = dirname(each)) {
      const folded = foldedName(each)
      if (!this.#folders.has(folded)) this.#folders.set(folded, each)
    }
    return file.number
  }

  /** One that was kept before. */
  restore(names: string, path: string, found: Found | null): void {
    this.keep(this.#make({ names, path, found }, null))
  }

  /** The state of its format that is on record. */
  restoreState(number: number, state: Json): void {
    const before = this.all[number]
    if (before === undefined) throw new TypeError(`there is no file ${number}`)
    const file = this.#make(before, state)
    this.all[number] = Object.assign(file, { number, rows: before.rows, state })
    this.#by_path.set(foldedName(file.path), file)
  }

  /** A row of it is on record. */
  countRow(number: number): void {
    const file = this.all[number]
    if (file === undefined) throw new TypeError(`there is no file ${number}`)
    file.rows += 1
  }

  #remember(names: string, file: NamedFile): void {
    if (this.#by_spelling.size < SPELLINGS * this.#ports.max_files) this.#by_spelling.set(names, file)
  }

  /** Folders that differ in case or Unicode form only are one, too. */
  #spelled(names: string): string {
    const all = names.split('/')
    const last = all.pop() ?? ''
    let folder = ''
    for (const name of all) {
      const each = folder + name
      folder = `${this.#folders.get(foldedName(each)) ?? each}/`
    }
    return folder + last
  }

  #at(names: string): NamedFile | RowError {
    const { ground, inUse, max_files, root } = this.#ports
    const path = ground.place(join(root, names))
    const known = this.#by_path.get(foldedName(path))
    if (known !== undefined) return known
    const used = inUse(path)
    if (used !== null) return rowError('PATH_IN_USE', `the path: ${path} is a file ${used}`)
    if (this.all.length >= max_files) {
      const message = `the path: ${path} would be one file more than max_files: ${max_files}`
      return rowError('PATH_FILES', message)
    }
    return this.#make({ names, path, found: ground.find(path) }, null)
  }

  #make({ names, path, found }: Pick<NamedFile, 'names' | 'path' | 'found'>, state: Json): NamedFile {
    const { ground, newFormat } = this.#ports
    const format = newFormat()
    format.begin(state, found === null ? null : ground.existing(path, found), true)
    return { number: null, names, path, found, format, rows: 0, state: undefined }
  }
}
