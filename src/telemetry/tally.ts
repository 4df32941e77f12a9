/** What is appended between two commits, added up: some additions a visit, since it is on the way of every row. */
import { type TotalsFact, VISIT_ERROR, VISIT_EXHAUSTED } from '../format/entry.ts'
import { callOf } from '../ledger/write/decode.ts'
import type { RunDraft, SubjectDraft } from '../ledger/write-port.ts'
import type { Committed, CommittedCall, ErrorCount, NodeWork } from './committed.ts'

interface Work {
  visits: number
  errors: number
  busy_us: number
  first_us: number
  last_us: number
}

export class Tally {
  readonly #nodes: Work[] = []
  readonly #errors = new Map<string, { node: number; code: string; count: number }>()
  readonly #calls: CommittedCall[] = []
  #entries = 0
  /** As the commit's own entry has them; null until that is appended. */
  totals: TotalsFact | null = null

  add({ subject, time_us, visits, calls }: SubjectDraft): void {
    this.#entries++
    for (const { node, status, start_us, duration_us, error } of visits) {
      const began_us = time_us + start_us
      const ended_us = began_us + duration_us
      const failed = status === VISIT_ERROR || status === VISIT_EXHAUSTED
      const work = this.#nodes[node]
      if (work === undefined)
        this.#nodes[node] = { visits: 1, errors: +failed, busy_us: duration_us, first_us: began_us, last_us: ended_us }
      else {
        work.visits++
        work.errors += +failed
        work.busy_us += duration_us
        if (began_us < work.first_us) work.first_us = began_us
        if (ended_us > work.last_us) work.last_us = ended_us
      }
      if (error !== null) this.#addError(node, error.code)
    }
    for (const call of calls)
      this.#calls.push({
        ...call,
        row: subject.kind === 'row' ? subject.row : 0,
        began_us: time_us + call.start_us,
      })
  }

  addRunEntry(entry: RunDraft['entry']): void {
    this.#entries++
    if (entry.k !== 'calls') return
    for (const each of entry.x) {
      const call = callOf(each)
      this.#calls.push({ ...call, row: 0, began_us: entry.t + call.start_us })
    }
  }

  /** `before`: totals of the commit before; where this one has none of its own, they still hold. */
  committed(before: TotalsFact | null, commit_us: number): Committed | null {
    const totals = this.totals ?? before
    if (totals === null) return null
    const nodes = new Map<number, NodeWork>()
    this.#nodes.forEach((work, node) => {
      nodes.set(node, work)
    })
    const errors: readonly ErrorCount[] = [...this.#errors.values()]
    return { totals, before, nodes, errors, calls: this.#calls, entries: this.#entries, commit_us }
  }

  #addError(node: number, code: string): void {
    const key = `${node} ${code}`
    const known = this.#errors.get(key)
    if (known === undefined) this.#errors.set(key, { node, code, count: 1 })
    else known.count++
  }
}
