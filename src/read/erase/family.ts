/**
 * One record in several runs: the row of a re-run that repeats it, the row that it repeats, and the same record read again by a replay.
 *
 * FAMILY-1. A replay reads its sources anew. What stands there in the same place is the same record if its data is the same; where one of the
 *     two is erased already that can't be known, and it is only perhaps the same.
 */
import type { LedgerReader } from '../../ledger/read-port.ts'
import { canonicalize } from '../../model/canonical.ts'
import { CustodyError } from '../../model/error.ts'
import type { Json } from '../../model/row.ts'
import { decodeSubjectEntry } from '../decode.ts'
import { sourceRowsOf } from '../fold/source-rows.ts'
import { originOf } from '../recorded/row-ends.ts'
import { readable } from '../runs/damaged.ts'
import { type RerunLog, type RowPlace, rowRepeating } from '../runs/reruns.ts'
import { closingOf, openingOf } from '../runs/run-log.ts'
import { decodePayload } from '../values.ts'

/** Of all runs the openings, which were held against log 0 when the ledger was opened: the logs of others than relatives are nobody's business here. */
export type RunFinder = Pick<LedgerReader, 'url' | 'logs' | 'entry'>

export interface Family {
  /** The row that was named is the first. */
  readonly same: readonly RowPlace[]
  readonly perhaps: readonly RowPlace[]
}

/** A run with those that it came from and that came from it. */
interface Relatives {
  readonly run: RerunLog
  readonly reruns: RerunLog | null
  readonly replays: RerunLog | null
}

export class Families {
  readonly #reader: LedgerReader
  /** By run. */
  readonly #relatives: ReadonlyMap<string, Relatives>

  private constructor(reader: LedgerReader, relatives: ReadonlyMap<string, Relatives>) {
    this.#reader = reader
    this.#relatives = relatives
  }

  /** Reads the opening of each run. @throws CustodyError CUSTODY_ERASE_OPEN if `of`, or a run that has rows of it, isn't sealed. */
  static async of(reader: LedgerReader, finder: RunFinder, of: RerunLog): Promise<Families> {
    const logs = new Map<string, RerunLog>()
    for (const { log, run } of await finder.logs()) if (run !== null) logs.set(run, { log, run })
    const all = new Map<string, Relatives>()
    for (const run of logs.values()) {
      const { reruns, replays } = await openingOf(finder, run.log)
      all.set(run.run, {
        run,
        reruns: logs.get(reruns?.run ?? '') ?? null,
        replays: logs.get(replays ?? '') ?? null,
      })
    }
    const families = new Families(reader, all)
    await families.#mustBeSealed(of)
    return families
  }

  async familyOf(place: RowPlace): Promise<Family> {
    const same = new Map([[nameOf(place), place]])
    const perhaps = new Map<string, RowPlace>()
    for (const each of same.values()) {
      for (const repeated of await this.#repeated(each)) same.set(nameOf(repeated), repeated)
      for (const { run } of this.#near(each.run, 'replays')) {
        const other = await this.#rowAt(run, each)
        if (other === null || same.has(nameOf(other))) continue
        const is_same = await this.#isSame(each, other)
        if (is_same === true) same.set(nameOf(other), other)
        if (is_same === null) perhaps.set(nameOf(other), other)
      }
    }
    return { same: [...same.values()], perhaps: [...perhaps.values()].filter(each => !same.has(nameOf(each))) }
  }

  /** Runs of one kind to both sides. */
  #near(run: string, by: 'reruns' | 'replays'): readonly Relatives[] {
    const own = this.#relatives.get(run)?.[by]?.run
    return [...this.#relatives.values()].filter(each => each.run.run === own || each[by]?.run === run)
  }

  async #repeated(place: RowPlace): Promise<readonly RowPlace[]> {
    const found: RowPlace[] = []
    for (const { run, reruns } of this.#near(place.run, 'reruns')) {
      const is_before = reruns?.run !== place.run
      const row = is_before
        ? ((await originOf(this.#reader, place.log, place.row))?.repeats ?? null)
        : await rowRepeating(this.#reader, run.log, place)
      if (row !== null) found.push({ ...run, row })
    }
    return found
  }

  /** The row that another run has of the same source in the same place; null if it has none. */
  async #rowAt(other: RerunLog, place: RowPlace): Promise<RowPlace | null> {
    const origin = await originOf(this.#reader, place.log, place.row)
    const { topology } = await openingOf(this.#reader, place.log)
    const name = topology.nodes[(origin?.source ?? 0) - 1]?.name
    const there = (await sourceRowsOf(this.#reader, other.log)).find(({ source }) => source === name)
    const row = there?.rowOf(origin?.index ?? 0) ?? null
    const found = row === null ? null : await originOf(this.#reader, other.log, row)
    return row !== null && found?.index === origin?.index ? { ...other, row } : null
  }

  /** null if it can't be known. */
  async #isSame(a: RowPlace, b: RowPlace): Promise<boolean | null> {
    const [own, other] = [await this.#data(a), await this.#data(b)]
    return own === null || other === null ? null : own === other
  }

  /** Canonical text of what was read; null if it is erased. */
  async #data({ log, row }: RowPlace): Promise<string | null> {
    const [first] = await this.#reader.entriesOfRow(log, row)
    const payload = first === undefined ? null : await this.#reader.payload(log, first.seq)
    if (first === undefined || payload === null) return null
    const { births } = readable(log, () => decodeSubjectEntry(first.seq, first.body))
    const value = readable(log, () => decodePayload(payload)).values[(births[0]?.value ?? 1) - 1]
    return value?.kind === 'full' ? canonicalize(value.value as Json) : null
  }

  async #mustBeSealed(of: RerunLog): Promise<void> {
    const related = new Set([of.run])
    for (const run of related)
      for (const by of ['reruns', 'replays'] as const) for (const each of this.#near(run, by)) related.add(each.run.run)
    for (const run of related) {
      const { log } = this.#relatives.get(run)?.run ?? of
      const { last } = await closingOf(this.#reader, log)
      if (last?.k === 'seal') continue
      const what = run === of.run ? '' : `, and has rows of run ${of.run}`
      throw new CustodyError('CUSTODY_ERASE_OPEN', `run ${run} isn’t finished${what}: nothing is erased`)
    }
  }
}

function nameOf({ run, row }: RowPlace): string {
  return `${run} ${row}`
}
