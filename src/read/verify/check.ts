/** What a check found: problems as sentences that name their place. */
import type { SubjectEntry } from '../../format/entry.ts'
import { isCustodyError } from '../../model/error.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { idText } from '../../model/part-ids.ts'

/** One check in the shape of `verify --json`. */
export interface CheckResult {
  readonly name: string
  readonly ok: boolean
  readonly problems: readonly string[]
  /** True: not all that it covers could be looked at. */
  readonly unfinished?: boolean
  /** How many things were compared, where that isn't all. */
  readonly compared?: number
  /** What wasn't, and why. */
  readonly not_checked?: readonly string[]
}

/** Where problems are reported. */
export interface Report {
  add(problem: string): void
}

/** Of one check; the rest is counted. */
const MAX_REPORTED = 20
/** Of one problem: what is quoted from a ledger may have any length. */
const MAX_UNITS = 1_000

export class Check implements Report {
  readonly name: string
  readonly #reported: string[] = []
  #count = 0
  #finished = true
  #passed: string | null = null
  readonly #passed_over = new Map<string, number>()

  constructor(name: string) {
    this.name = name
  }

  get ok(): boolean {
    return this.#count === 0 && this.#finished
  }

  /** Not all that it covers can be looked at: it doesn't hold, even if nothing was found. */
  leave(): void {
    this.#finished = false
  }

  /** A value isn't looked at, for a reason that stands behind `12 values: `; the check may hold all the same. */
  passOver(why: string): void {
    this.#passed_over.set(why, (this.#passed_over.get(why) ?? 0) + 1)
  }

  add(problem: string): void {
    this.#count++
    if (this.#reported.length >= MAX_REPORTED) return
    const cut = problem.length - MAX_UNITS
    this.#reported.push(cut <= 0 ? problem : `${problem.slice(0, MAX_UNITS)}… (${grouped(cut)} characters more)`)
  }

  /** Nothing of what it covers can be looked at, and that is nobody's fault. */
  pass(why: string): void {
    this.#passed = why
  }

  /** The same check, with a word of where the problem is. */
  about(what: string): Report {
    return { add: problem => this.add(`${what}: ${problem}`) }
  }

  /** One of its kind that has found nothing yet. */
  anew(): Check {
    return new Check(this.name)
  }

  /** What was found of a part of what it covers; `what` says which, where the problems don't. */
  take(other: Check, what?: string): void {
    for (const problem of other.#reported) this.add(what === undefined ? problem : `${what}: ${problem}`)
    this.#count += other.#count - other.#reported.length
    if (!other.#finished) this.leave()
    this.#passed ??= other.#passed
    for (const [why, count] of other.#passed_over) this.#passed_over.set(why, (this.#passed_over.get(why) ?? 0) + count)
  }

  result(): CheckResult {
    const more = this.#count - this.#reported.length
    const problems = more === 0 ? [...this.#reported] : [...this.#reported, `and ${grouped(more)} more`]
    const values = [...this.#passed_over].map(([why, count]) => `${counted(count, 'value')}: ${why}`)
    const not_checked = this.#passed === null ? values : [...values, this.#passed]
    return {
      ...{ name: this.name, ok: this.ok, problems },
      ...(this.#finished ? {} : { unfinished: true }),
      ...(this.#passed === null ? {} : { compared: 0 }),
      ...(not_checked.length === 0 ? {} : { not_checked }),
    }
  }
}

/** Does `work`, in which `check` looks at something. What can't be read any further is a finding, not a failure. */
export async function noting(check: Check, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!isCustodyError(error)) throw error
    check.add(`it can't be checked to the end: ${error.message}`)
    check.leave()
  }
}

/** `entry 1,204 (row 1,201)` */
export function entryName(seq: number, subject: SubjectEntry['subject'] | null = null): string {
  if (subject === null) return `entry ${idText(seq)}`
  return `entry ${idText(seq)} (${subjectName(subject)})`
}

/** The name of an entry, made only if a problem is reported: most have none. */
export class Place {
  readonly #seq: number
  readonly #subject: SubjectEntry['subject'] | null

  constructor(seq: number, subject: SubjectEntry['subject'] | null = null) {
    this.#seq = seq
    this.#subject = subject
  }

  toString(): string {
    return entryName(this.#seq, this.#subject)
  }
}

export function subjectName(subject: SubjectEntry['subject']): string {
  return subject.kind === 'row' ? `row ${idText(subject.row)}` : `batch ${idText(subject.batch)}`
}

/** A token of the engine; those of language models are always called LLM tokens (docs/glossary.md). */
export function tokenName(token: number): string {
  return `token ${idText(token)}`
}
