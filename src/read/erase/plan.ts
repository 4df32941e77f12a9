/**
 * What is erased with rows: all that is on record of them, in the run that was named and in those that repeat or replay it or are repeated
 * by it; and, if that is wanted, what was derived from them.
 *
 * ERASE-PLAN-1. What was derived is always listed, also where it stays.
 * ERASE-PLAN-2. Values are looked for as they were signed: where the record doesn't hold, nothing is erased.
 */
import { resolve } from 'node:path'
import type { SinkIntents } from '../../format/run-values.ts'
import type { Topology } from '../../format/topology.ts'
import type { Erasure } from '../../ledger/erase-port.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { CustodyError } from '../../model/error.ts'
import { idText } from '../../model/part-ids.ts'
import { numbersText } from '../recorded/named-row.ts'
import { originOf } from '../recorded/row-ends.ts'
import { intentsOf, planOf } from '../runs/opening-values.ts'
import type { RerunLog, RowPlace } from '../runs/reruns.ts'
import { closingOf, openingOf } from '../runs/run-log.ts'
import { type Blanked, erasuresOf } from './blank.ts'
import { Families, type RunFinder } from './family.ts'
import { type RowInRun, runBlanks } from './run-values.ts'
import { blanksOf, type LoadedSubject, loadSubject, type Subject } from './subject.ts'
import { derivedValues, flowsOn } from './taint.ts'
import { Trace, type Traced } from './trace.ts'

export interface ErasedRow {
  readonly run: string
  readonly row: number
  /** How many were there until now. */
  readonly values: number
}

/** A row or a batch with something that was derived; neither: the run's own values. */
export interface Derived {
  readonly run: string
  readonly row?: number
  readonly batch?: number
  /** Whether that is gone. */
  readonly erased: boolean
}

/** What else has the data of an erased row: nothing of that is touched. */
export interface Elsewhere {
  readonly run: string
  /** The source that it came from, or the sink that it went to. */
  readonly node: string
  readonly kind: 'source' | 'sink'
  /** As far as it is known; with `*` where rows say which file they go to. */
  readonly path: string | null
}

export interface ErasePlan {
  readonly erasures: readonly Erasure[]
  readonly erased: readonly ErasedRow[]
  readonly derived: readonly Derived[]
  readonly elsewhere: readonly Elsewhere[]
}

export interface EraseRequest {
  readonly of: RerunLog
  readonly rows: readonly number[]
  /** Whether what was derived goes, too. */
  readonly derived: boolean
}

/**
 * `reader` gives nothing but what was signed; `finder` finds the runs that have rows of others.
 * @throws CustodyError CUSTODY_ERASE_OPEN, CUSTODY_ROW_UNKNOWN; UnsoundRecord.
 */
export async function planErasure(
  reader: LedgerReader,
  finder: RunFinder,
  { of, rows, derived }: EraseRequest,
): Promise<ErasePlan> {
  const families = await Families.of(reader, finder, of)
  await mustBeThere(reader, of, rows)
  const same = new Map<string, RowPlace[]>()
  const perhaps = new Map<string, RowPlace[]>()
  for (const row of rows) {
    const family = await families.familyOf({ ...of, row })
    for (const each of family.same) placesOf(same, each.run).push(each)
    for (const each of family.perhaps) placesOf(perhaps, each.run).push(each)
  }
  const parts: ErasePlan[] = []
  for (const run of new Set([...same.keys(), ...perhaps.keys()])) {
    const [own, others] = [same.get(run) ?? [], perhaps.get(run) ?? []]
    const [{ log }] = [...own, ...others] as [RowPlace]
    parts.push(await new RunErasure(reader, { run, log }, await openingOf(reader, log), derived).of(own, others))
  }
  return {
    erasures: parts.flatMap(each => each.erasures),
    erased: parts.flatMap(each => each.erased),
    derived: parts.flatMap(each => each.derived),
    elsewhere: parts.flatMap(each => each.elsewhere),
  }
}

async function mustBeThere(reader: LedgerReader, { log }: RerunLog, rows: readonly number[]): Promise<void> {
  const { read } = (await closingOf(reader, log)).totals.rows
  const { splits } = await openingOf(reader, log)
  for (const row of rows) {
    const is_there = splits === undefined ? row <= read : (await originOf(reader, log, row)) !== null
    if (!is_there)
      throw new CustodyError('CUSTODY_ROW_UNKNOWN', `the run has no row ${idText(row)}`, {
        hint: numbersText('rows', read, splits),
      })
  }
}

function placesOf(all: Map<string, RowPlace[]>, run: string): RowPlace[] {
  const known = all.get(run) ?? []
  all.set(run, known)
  return known
}

/** What goes in one run. */
class RunErasure {
  readonly #reader: LedgerReader
  readonly #of: RerunLog
  readonly #topology: Topology
  readonly #takes_derived: boolean
  /** By seq: an entry is of one subject, or of the run. */
  readonly #blanks = new Map<number, Blanked>()
  readonly #erased: ErasedRow[] = []
  readonly #derived: Derived[] = []
  readonly #rows: RowInRun[] = []
  /** Numbers of sinks that rows went to. */
  readonly #sinks = new Set<number>()
  readonly #is_rerun: boolean

  constructor(
    reader: LedgerReader,
    of: RerunLog,
    opening: { readonly topology: Topology; readonly reruns?: unknown },
    takes_derived: boolean,
  ) {
    this.#reader = reader
    this.#of = of
    this.#topology = opening.topology
    this.#is_rerun = opening.reruns !== undefined
    this.#takes_derived = takes_derived
  }

  async of(rows: readonly RowPlace[], perhaps: readonly RowPlace[]): Promise<ErasePlan> {
    const numbers = new Set(rows.map(({ row }) => row))
    const all = [...numbers, ...perhaps.map(({ row }) => row)]
    for (const traced of await Trace.of(this.#reader, { ...this.#of, topology: this.#topology }, all))
      if (traced.subject.kind === 'row' && numbers.has(traced.subject.row)) await this.#eraseRow(traced.subject)
      else await this.#eraseDerived(traced)
    const intents = await intentsOf(this.#reader, this.#of.log)
    await this.#eraseOfRun(intents)
    return {
      erasures: erasuresOf(this.#of, this.#blanks.values()),
      erased: this.#erased.sort((a, b) => a.row - b.row),
      derived: this.#derived.sort((a, b) => placeOf(a) - placeOf(b)),
      elsewhere: await this.#elsewhere(intents),
    }
  }

  async #eraseRow(subject: Extract<Subject, { readonly kind: 'row' }>): Promise<void> {
    const loaded = await loadSubject(this.#reader, this.#of.log, subject, this.#topology)
    const blanks = blanksOf(loaded, 'all')
    this.#take(blanks)
    this.#erased.push({ run: this.#of.run, row: subject.row, values: countOf(blanks) })
    const { source = 0, index = 0 } = loaded.course.first?.origin ?? {}
    this.#rows.push({ source, index })
    this.#wentTo(loaded, () => true)
  }

  async #eraseDerived({ subject, tainted }: Traced): Promise<void> {
    const loaded = await loadSubject(this.#reader, this.#of.log, subject, this.#topology)
    const going = tainted === null ? 'all' : derivedValues(loaded.course, tainted)
    if (going === 'all' ? loaded.values.count === 0 : going.size === 0) return
    const blanks = blanksOf(loaded, going)
    if (this.#takes_derived) this.#take(blanks)
    this.#wentTo(loaded, token => tainted === null || flowsOn(loaded.course, token, tainted.get(token)))
    const { kind: _kind, ...number } = subject
    this.#derived.push({ run: this.#of.run, ...number, erased: this.#takes_derived || countOf(blanks) === 0 })
  }

  /** The sinks that tokens went to. */
  #wentTo({ course }: LoadedSubject, isMeant: (token: number) => boolean): void {
    for (const [token, { ending }] of course.tokens)
      if (ending !== null && ending.fact.sink !== 0 && isMeant(token)) this.#sinks.add(ending.fact.sink)
  }

  async #eraseOfRun(intents: SinkIntents): Promise<void> {
    const by_value = [...this.#sinks].filter(sink => intents[this.#topology.nodes[sink - 1]?.name ?? '']?.by_value)
    // Positions of a re-run are numbers of rows.
    const rows = this.#is_rerun ? [] : this.#rows
    const found = await runBlanks(this.#reader, this.#of.log, { rows, by_value: new Set(by_value) })
    this.#take(found.own)
    if (found.shared.length === 0) return
    if (this.#takes_derived) this.#take(found.shared)
    this.#derived.push({ run: this.#of.run, erased: this.#takes_derived })
  }

  #take(blanks: readonly Blanked[]): void {
    for (const each of blanks) this.#blanks.set(each.seq, each)
  }

  async #elsewhere(intents: SinkIntents): Promise<readonly Elsewhere[]> {
    const { run, log } = this.#of
    const plan = await planOf(this.#reader, log)
    const nameOf = (node: number) => this.#topology.nodes[node - 1]?.name ?? '?'
    const sources = Array.from(new Set(this.#rows.map(each => each.source)), (source): Elsewhere => {
      const path = (plan.options[nameOf(source)] as { readonly path?: unknown } | undefined)?.path
      // Standard input stays what it is.
      const absolute = typeof path === 'string' && path !== '-' ? resolve(plan.folder ?? '', path) : path
      return { run, node: nameOf(source), kind: 'source', path: typeof absolute === 'string' ? absolute : null }
    })
    const sinks = [...this.#sinks].flatMap((sink): Elsewhere[] => {
      const { mode, path = null } = intents[nameOf(sink)] ?? {}
      // A run without outputs wrote nowhere.
      return mode === 'none' ? [] : [{ run, node: nameOf(sink), kind: 'sink', path }]
    })
    return [...(this.#is_rerun ? [] : sources), ...sinks]
  }
}

function countOf(blanks: readonly Blanked[]): number {
  return blanks.reduce((sum, { places }) => sum + places.length, 0)
}

/** The run first, then rows, then batches. */
function placeOf({ row, batch }: Derived): number {
  return batch === undefined ? (row ?? 0) : Number.MAX_SAFE_INTEGER / 2 + batch
}
