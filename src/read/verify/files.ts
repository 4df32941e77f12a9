/** `verify --files`: the outputs of sealed runs, as the runs left them, against the files that are there now. */
import { createHash } from 'node:crypto'
import { createReadStream, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { isStoreUrl } from '../../model/store-url.ts'
import { type OutputPlace, type PublishedFile, publishedFiles } from '../show/published.ts'
import { Check, type CheckResult } from './check.ts'

export interface FilesOptions {
  /** Where the pipeline's folder is now, if its files have moved with it; absolute. */
  readonly root?: string | undefined
}

/** Of one run; the rest is counted. */
export const MOST_NOT_CHECKED = 20

/**
 * By run: each file that it published against what stands at its path, length and SHA-256. What a later run put in its place
 * can't be compared any more; what others may add to is compared up to the length that the run left. A run that isn't sealed
 * has no final outputs.
 */
export async function verifyFiles(
  reader: LedgerReader,
  runs: readonly string[],
  { root }: FilesOptions = {},
): Promise<ReadonlyMap<string, CheckResult>> {
  const checks = new Map(runs.map(run => [run, new FilesCheck()]))
  const { files, growing, erased, unreadable } = await publishedFiles(reader)
  for (const [run, sinks] of erased)
    for (const sink of sinks) checks.get(run)?.leaveOut(`sink ${sink}: not checked: the names of its files are erased`)
  for (const [run, why] of unreadable) checks.get(run)?.add(`what was published can't be read: ${why}`)
  // Runs before and behind the move name one file by different paths.
  const by_place = new Map<string, PublishedFile[]>()
  for (const file of files) {
    const place = placeOf(file, root)
    by_place.set(place, [...(by_place.get(place) ?? []), file])
  }
  const grown = new Set(growing.map(each => placeOf(each, root)))
  for (const [place, writers] of by_place)
    for (const [i, file] of writers.entries()) {
      const check = checks.get(file.run)
      if (check === undefined) continue
      const later = writers.slice(i + 1)
      const instead = later.find(each => !each.appended)
      const grows = file.appended || later.length > 0 || grown.has(place)
      if (isStoreUrl(place)) check.leaveOut(`sink ${file.sink}: ${place} is not checked: it is in a store`)
      else if (instead !== undefined)
        check.leaveOut(`sink ${file.sink}: ${place} is not checked: replaced by run ${instead.run}`)
      else check.compared(await problemOf(file, place, grows), `sink ${file.sink}: ${place}`)
    }
  return new Map([...checks].map(([run, check]) => [run, check.result()]))
}

class FilesCheck extends Check {
  readonly #not_checked: string[] = []
  #left_out = 0
  #compared = 0

  constructor() {
    super('files')
  }

  leaveOut(why: string): void {
    this.#left_out++
    if (this.#left_out <= MOST_NOT_CHECKED) this.#not_checked.push(why)
  }

  compared(problem: string | null, what: string): void {
    this.#compared++
    if (problem !== null) this.add(`${what} ${problem}`)
  }

  override result(): CheckResult {
    const more = this.#left_out - this.#not_checked.length
    const not_checked = more === 0 ? this.#not_checked : [...this.#not_checked, `and ${grouped(more)} more`]
    return { ...super.result(), compared: this.#compared, not_checked }
  }
}

/**
 * Where a file is now, if the pipeline's folder is `root`: by the path that the pipeline's file has for it. One that is absolute has
 * moved only from within that folder.
 */
export function placeOf({ path, folder, named }: OutputPlace, root: string | undefined): string {
  if (isStoreUrl(path) || root === undefined || folder === null) return path
  const from_folder = relative(folder, named === null ? path : resolve(folder, named))
  const outside = isAbsolute(from_folder) || from_folder === '..' || from_folder.startsWith(`..${sep}`)
  if (named !== null && isAbsolute(named) && outside) return path
  const place = resolve(root, from_folder)
  return hasMadeName(basename(path), basename(place)) ? join(dirname(place), basename(path)) : place
}

/** Whether a name was made of another one, for a file that was numbered (`o-1.csv`) or of a re-run (`o.csv.rerun-1`); else a link led there. */
function hasMadeName(name: string, from: string): boolean {
  const extension = extname(from)
  return name.startsWith(from.slice(0, from.length - extension.length)) && name !== from
}

/** `grows`: others may have added to it since. */
async function problemOf({ bytes, sha256 }: PublishedFile, place: string, grows: boolean): Promise<string | null> {
  let found: Stats
  let actual: string
  try {
    found = await stat(place)
    if (!found.isFile()) return 'is not a file'
    if (found.size < bytes) return `has ${counted(found.size, 'byte', 'bytes')}, and the run left ${grouped(bytes)}`
    actual = await hashOf(place, bytes)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'is missing' : `can't be read (${code ?? message})`
  }
  if (actual !== sha256) return `was changed: its SHA-256 is ${actual}, and the run left ${sha256}`
  if (found.size > bytes && !grows)
    return `was added to: ${counted(found.size - bytes, 'byte', 'bytes')} more than the run left`
  return null
}

/** SHA-256 of so many bytes, as hex; `from`: behind so many others. */
export async function hashOf(path: string, bytes: number, from = 0): Promise<string> {
  const hash = createHash('sha256')
  // `end` is the last byte's offset.
  if (bytes > 0)
    for await (const chunk of createReadStream(path, { start: from, end: from + bytes - 1 }))
      hash.update(chunk as Buffer)
  return hash.digest('hex')
}
