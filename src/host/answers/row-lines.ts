/** Rows of a run, a line of each, made from all that its record has of it: checked as stories are. */
import type { RowEnding } from '../../api/rows.ts'
import { VISIT_HELD } from '../../format/entry.ts'
import type { Topology } from '../../format/topology.ts'
import type { FullEntry, LedgerReader } from '../../ledger/read-port.ts'
import { fateOf } from '../../model/outcome.ts'
import { isRow, type Json } from '../../model/row.ts'
import { formatTime } from '../../model/time.ts'
import { type CheckedSubject, checkedSubject } from '../../read/evidence/subject-check.ts'
import { UnsoundRecord } from '../../read/evidence/unsound.ts'
import { inOrder } from '../../read/explain/telling.ts'
import { Course, type CourseToken } from '../../read/fold/course.ts'
import { planOf } from '../../read/runs/opening-values.ts'
import { closingOf, openingOf } from '../../read/runs/run-log.ts'
import type { RowEntries } from '../../search/row-finder.ts'

export interface RowLine {
  readonly row: number
  readonly source: string
  /** Number of the record in its source, from 1. */
  readonly index: number
  /** As it was read; null where it is erased, or values aren't to be seen. */
  readonly data: Json
  /** The last ones first. Those that were only passed on are there where no others are. */
  readonly endings: readonly RowEnding[]
  readonly open: number
  /** ISO 8601. */
  readonly recorded_at: string
  readonly duration_us: number
  readonly cost_usd: number
}

/** A row's line, and what it was made from. */
export interface ReadRow extends CheckedSubject {
  readonly line: RowLine
  readonly course: Course
}

const ROW_VALUE = 1

export class RowLines {
  readonly #log: number
  readonly #topology: Topology
  readonly #values: boolean
  /** By row, how many tokens the ledger has open of it. */
  readonly #open: ReadonlyMap<number, number>
  /** By source: the fields that its schema declares, in their order. */
  readonly #fields: ReadonlyMap<string, readonly string[]>
  /** Rows of the run, numbered from 1. */
  readonly rows: number

  private constructor(
    log: number,
    of: {
      readonly topology: Topology
      readonly values: boolean
      readonly open: ReadonlyMap<number, number>
      readonly fields: ReadonlyMap<string, readonly string[]>
      readonly rows: number
    },
  ) {
    this.#log = log
    this.#topology = of.topology
    this.#values = of.values
    this.#open = of.open
    this.#fields = of.fields
    this.rows = of.rows
  }

  /** `reader`: one that checks. `values`: whether data is shown. */
  static async of(reader: LedgerReader, log: number, values: boolean): Promise<RowLines> {
    const { topology } = await openingOf(reader, log)
    const { totals } = await closingOf(reader, log)
    const open = new Map<number, number>()
    for await (const { row } of reader.openTokens(log)) if (row !== null) open.set(row, (open.get(row) ?? 0) + 1)
    const declared = values ? Object.entries((await planOf(reader, log)).fields) : []
    const fields = new Map(declared.map(([source, of]) => [source, of.map(({ name }) => name)]))
    return new RowLines(log, { topology, values, open, fields, rows: totals.rows.read })
  }

  /** In the order that they are given in. @throws UnsoundRecord if one of them isn't as it was recorded. */
  of(rows: RowEntries): readonly ReadRow[] {
    return [...rows].map(([row, entries]) => this.#read(row, entries))
  }

  #read(row: number, stored: readonly FullEntry[]): ReadRow {
    const checked = checkedSubject(this.#log, stored, { kind: 'row', row }, this.#open.get(row) ?? 0)
    const course = Course.of(checked.entries, this.#topology)
    return { ...checked, course, line: this.#line(row, course, checked) }
  }

  #line(row: number, course: Course, { entries, values }: CheckedSubject): RowLine {
    const { nodes } = this.#topology
    const origin = course.first?.origin ?? null
    const last = entries.at(-1)
    if (origin === null || last === undefined) throw new UnsoundRecord([`row ${row} doesn’t say where it came from`])
    const source = nodes[origin.source - 1]?.name ?? '?'
    let duration_us = 0
    let cost_nusd = 0
    for (const { visits, calls } of entries) {
      // What is held is recorded again, as a whole, when its group closes.
      for (const visit of visits) if (visit.status !== VISIT_HELD) duration_us += visit.duration_us
      for (const call of calls) cost_nusd += call.cost_nusd
    }
    const data = this.#values ? values.get(ROW_VALUE) : null
    return {
      ...{ row, source, index: origin.index },
      data: isRow(data) ? inOrder(data, this.#fields.get(source) ?? []) : data,
      endings: this.#endings(course),
      open: last.open,
      recorded_at: formatTime(last.time_us),
      duration_us,
      cost_usd: cost_nusd / 1e9,
    }
  }

  #endings({ tokens }: Course): readonly RowEnding[] {
    const all = [...tokens.values()].flatMap(token => this.#ending(token)).reverse()
    const final = all.filter(each => each.class !== 'passed on')
    return final.length === 0 ? all : final
  }

  #ending({ birth, ending, forks }: CourseToken): readonly RowEnding[] {
    const fact = ending?.fact
    const fate = fact === undefined ? undefined : fateOf(fact.fate)
    if (fact === undefined || fate === undefined) return []
    const { nodes } = this.#topology
    return [
      {
        ...{ token: birth.token, outcome: fate.outcome, cause: fate.cause, words: fate.words, class: fate.class },
        node: nodes[fact.node - 1]?.name ?? '?',
        sink: fact.sink === 0 ? null : (nodes[fact.sink - 1]?.name ?? '?'),
        error_code: fact.error?.code ?? null,
        branch: forks.at(-1)?.branch ?? null,
      },
    ]
  }
}
