/**
 * The files of sources that have lists of them: in order, without gaps, and their records add up to those of the source (I4). Of a split these
 * are what its range has of each: those that end in it, and the beginning of another.
 */
import type { FileFact, RunEntry } from '../../format/entry.ts'
import { counted, grouped } from '../../model/number-text.ts'
import type { Check, Place } from './check.ts'
import type { FilesOfSplit } from './log-role.ts'
import type { Ways } from './ways.ts'

interface ReadSoFar {
  /** How many files are on the list. */
  readonly count: number
  /** In other splits, before this one. */
  readonly records_before: number
  /** How many have to end in this one; null: all on the list, or fewer if reading stopped. */
  readonly ends: number | null
  ended: number
  files: number
  records: number
  /** The last one was read to its end. */
  done: boolean
}

export class FilesRead {
  readonly #sources = new Map<number, ReadSoFar>()
  readonly #entries: Check
  readonly #totals: Check

  /** `of_split`: by source, where entry 0 doesn't say it. */
  constructor(
    checks: { readonly entries: Check; readonly totals: Check },
    of_split: ReadonlyMap<number, FilesOfSplit> = new Map(),
  ) {
    this.#entries = checks.entries
    this.#totals = checks.totals
    for (const [source, { count, files_before, records_before, ends }] of of_split)
      this.#sources.set(source, { count, records_before, ends, ended: 0, files: files_before, records: 0, done: true })
  }

  open(where: Place, { files = [], reruns }: Extract<RunEntry, { k: 'open' }>, ways: Ways): void {
    if (files.length > 0 && reruns !== undefined)
      this.#entries.add(`${where}: it has lists of files, and reads none, since it repeats rows of another run`)
    let before = 0
    for (const { source, count } of files) {
      if (ways.kind(source) !== 'source')
        this.#entries.add(`${where}: it has a list of files for ${ways.name(source)}, which is no source`)
      if (source <= before) this.#entries.add(`${where}: its lists of files are not in the order of their sources`)
      before = source
      this.#sources.set(source, { count, records_before: 0, ends: null, ended: 0, files: 0, records: 0, done: true })
    }
  }

  /** `rows`: of the source, so far. */
  take(where: Place, { source, file, from, records, bytes, done }: FileFact, rows: number, ways: Ways): void {
    const name = ways.name(source)
    const read = this.#sources.get(source)
    if (read === undefined) return this.#entries.add(`${where} is of a file of ${name}, which has no list of files`)
    if (!read.done) this.#entries.add(`${where}: ${name} continues after a file that was not read to its end`)
    if (file !== read.files + 1 || file > read.count)
      this.#entries.add(
        `${where} is of file ${grouped(file)} of ${name}, where ${grouped(read.files + 1)} of ${grouped(read.count)} comes next`,
      )
    const next = read.records_before + read.records + 1
    if (from !== next)
      this.#totals.add(
        `${where}: it says that its file begins with record ${grouped(from)} of ${name}, and ${grouped(next)} comes next`,
      )
    if (!done && records === 0 && bytes === 0) this.#entries.add(`${where}: nothing was read of its file`)
    read.files = file
    read.records += records
    read.done = done
    if (done) read.ended += 1
    if (read.records > rows)
      this.#totals.add(
        `${where}: the files of ${name} have ${counted(read.records, 'record')} so far, and there are ${counted(rows, 'row')} of it`,
      )
  }

  /** A source is read no further; `records`: of it. `given_up`: before its end. */
  *unfinished(source: number, records: number, given_up: boolean, ways: Ways): Iterable<string> {
    const read = this.#sources.get(source)
    if (read === undefined) return
    if (read.records !== records)
      yield `the files of ${ways.name(source)} have ${counted(read.records, 'record')}, and ${grouped(records)} were read of it`
    if (read.ends !== null && read.ended !== read.ends && !given_up)
      yield `of ${ways.name(source)} ${counted(read.ended, 'file was', 'files were')} read to the end, and ${grouped(read.ends)} should have been`
  }
}
