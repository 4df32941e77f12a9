/** The subjects of a proof together: that each is one into which the row goes, and what joins and batches between them say. */
import type { ProvenSubject } from '../../format/proof.ts'
import { fateNumber } from '../../model/outcome.ts'
import type { Partner, Partners } from '../explain/partners.ts'
import { nameOf, onwardOf, type StorySource, type Subject } from '../explain/telling.ts'
import { type Check, subjectName, tokenName } from '../verify/check.ts'
import type { RunPart } from './run-part.ts'
import { checkSubject, type SubjectChecks, type SubjectPart } from './subject-part.ts'

const JOINED = fateNumber('CONSUMED_IN_BATCH', 'join')
const CONSUMED = fateNumber('CONSUMED_IN_BATCH', 'batch')

export class SubjectParts implements StorySource {
  /** The row first; without those of which it isn't shown that all of their entries are there. */
  readonly all: readonly SubjectPart[]
  readonly #by_name: ReadonlyMap<string, SubjectPart>

  private constructor(all: readonly SubjectPart[]) {
    this.all = all
    this.#by_name = new Map(all.map(each => [nameOf(each.subject), each]))
  }

  static check(proven: readonly ProvenSubject[], run: RunPart, checks: SubjectChecks): SubjectParts {
    const all = proven.flatMap(each => checkSubject(each, run, checks) ?? [])
    const parts = new SubjectParts(all)
    if (all.length === proven.length) parts.#mustBelong(checks.story)
    for (const part of all) parts.#mustBeMembers(part, checks.story)
    return parts
  }

  /** Into which subjects one goes that the proof doesn't have. */
  missing({ entries, course }: SubjectPart): readonly Subject[] {
    return onwardOf(entries, course, this.#partnersOf(course)).filter(each => !this.#by_name.has(nameOf(each)))
  }

  async recordOf(subject: Subject): Promise<SubjectPart | null> {
    return this.#by_name.get(nameOf(subject)) ?? null
  }

  async partnersOf(course: SubjectPart['course']): Promise<Partners> {
    return this.#partnersOf(course)
  }

  /** A proof of a row has no entries of its run. */
  async pageOf(): Promise<null> {
    return null
  }

  /** Names of files aren't in a proof. */
  async fileOf(): Promise<null> {
    return null
  }

  #partnersOf(course: SubjectPart['course']): Partners {
    const right = new Map<number, Partner>()
    const left = new Map<number, Partner>()
    const own = this.all.find(each => each.course.first?.subject === course.first?.subject)
    for (const { birth, group, ending } of course.tokens.values()) {
      const match = group?.kind === 'join' ? birth.parents[1] : undefined
      if (match !== undefined)
        right.set(birth.token, { token: match, row: own?.members.get(match) ?? null, batch: null })
      if (ending?.fact.fate !== JOINED || course.groups.has(ending.fact.group)) continue
      const found = this.#leftOf(ending.fact.group)
      if (found !== null) left.set(birth.token, found)
    }
    return { right, left }
  }

  #leftOf(group: number): Partner | null {
    for (const { subject, course } of this.all) {
      const [token] = course.groups.get(group)?.closed?.members ?? []
      if (token === undefined) continue
      return subject.kind === 'row'
        ? { token, row: subject.row, batch: null }
        : { token, row: null, batch: subject.batch }
    }
    return null
  }

  /** Each stands where the story of the row comes to it. */
  #mustBelong(check: Check): void {
    const reached = new Map<string, Subject>()
    const reach = ({ subject, entries, course }: SubjectPart): void => {
      reached.set(nameOf(subject), subject)
      for (const next of onwardOf(entries, course, this.#partnersOf(course))) {
        const part = this.#by_name.get(nameOf(next))
        if (part !== undefined && !reached.has(nameOf(next))) reach(part)
      }
    }
    const [first] = this.all
    if (first !== undefined) reach(first)
    const names = [...reached.keys()]
    const stray = this.all.find((each, i) => nameOf(each.subject) !== names[i])
    if (stray !== undefined || names.length !== this.all.length)
      check.add(`${stray === undefined ? 'a subject' : subjectName(stray.subject)} isn’t where the story comes to it`)
  }

  /** Who went into a batch is one of its members. */
  #mustBeMembers({ course }: SubjectPart, check: Check): void {
    const batches = new Map(course.holds.map(({ group, batch }) => [group, batch] as const))
    for (const { birth, ending } of course.tokens.values()) {
      const group = ending?.fact.fate === CONSUMED ? ending.fact.group : 0
      const batch = batches.get(group) ?? null
      const part = batch === null ? undefined : this.#by_name.get(nameOf({ kind: 'batch', batch }))
      if (part === undefined) continue
      if (part.course.groups.get(group)?.closed?.members.includes(birth.token) !== true)
        check.add(`${tokenName(birth.token)} went into ${subjectName(part.subject)}, which has no such member`)
    }
  }
}
