/** The files of sources that have lists of them: in order, without gaps, and their records add up to those of the source (I4). */
import type { FileFact, RunEntry } from '../../format/entry.ts'
import { counted, grouped } from '../../model/number-text.ts'
import type { Check, Place } from './check.ts'
import type { Ways } from './ways.ts'

interface ReadSoFar {
  /** How many files are on the list. */
  readonly count: number
  files: number
  records: number
  /** The last one was read to its end. */
  done: boolean
}

export class FilesRead {
  readonly #sources = new Map<number, ReadSoFar>()
  readonly #entries: Check
  readonly #totals: Check

  constructor(checks: { readonly entries: Check; readonly totals: Check }) {
    this.#entries = checks.entries
    this.#totals = checks.totals
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
      this.#sources.set(source, { count, files: 0, records: 0, done: true })
    }
  }

  /** `rows`: of the source, so far. */
  take(where: Place, { source, file, from, records, done }: FileFact, rows: number, ways: Ways): void {
    const name = ways.name(source)
    const read = this.#sources.get(source)
    if (read === undefined) return this.#entries.add(`${where} is of a file of ${name}, which has no list of files`)
    if (!read.done) this.#entries.add(`${where}: ${name} continues after a file that was not read to its end`)
    if (file !== read.files + 1 || file > read.count)
      this.#entries.add(
        `${where} is of file ${grouped(file)} of ${name}, where ${grouped(read.files + 1)} of ${grouped(read.count)} comes next`,
      )
    if (from !== read.records + 1)
      this.#totals.add(
        `${where}: it says that its file begins with record ${grouped(from)} of ${name}, and ${grouped(read.records + 1)} comes next`,
      )
    if (!done && records === 0) this.#entries.add(`${where}: nothing was read of its file`)
    read.files = file
    read.records += records
    read.done = done
    if (read.records > rows)
      this.#totals.add(
        `${where}: the files of ${name} have ${counted(read.records, 'record')} so far, and there are ${counted(rows, 'row')} of it`,
      )
  }

  /** A source is read no further; `records`: of it. */
  *unfinished(source: number, records: number, ways: Ways): Iterable<string> {
    const read = this.#sources.get(source)
    if (read === undefined) return
    if (read.records !== records)
      yield `the files of ${ways.name(source)} have ${counted(read.records, 'record')}, and ${grouped(records)} were read of it`
  }
}
