/**
 * Sorts, across subjects: what comes to one is numbered from 0, what it passes on from 1, and it passes nothing on before all has come. That
 * the order is that of the keys, values tell: `verify --decisions` (sort-order.ts).
 */
import type { HoldFact, ReleaseFact, SubjectEntry, VisitFact } from '../../format/entry.ts'
import { isError, VISIT_OK } from '../../format/entry.ts'
import { type Check, type Place, tokenName } from './check.ts'
import { ABANDONED } from './fates.ts'
import { Numbering } from './numbering.ts'
import type { Ways } from './ways.ts'

interface Sort {
  /** Places from 1: one more than the ordinals are. */
  readonly came: Numbering
  readonly passed: Numbering
}

export class Sorts {
  readonly #check: Check
  readonly #ways: Ways
  readonly #sorts = new Map<number, Sort>()

  constructor(check: Check, ways: Ways) {
    this.#check = check
    this.#ways = ways
  }

  hold({ node, ordinal }: HoldFact): void {
    this.#at(node).came.add(ordinal + 1)
  }

  release({ node, place }: ReleaseFact): void {
    this.#at(node).passed.add(place)
  }

  /** All entries of a commit are in; `complete`: all there are. */
  settle(where: Place | string, complete: boolean): void {
    for (const [node, { came, passed }] of this.#sorts) {
      const note = (problem: string) => {
        if (complete) this.#check.add(`${where}: ${this.#ways.name(node)}: ${problem}`)
      }
      if (came.isFresh && passed.last > 0) note('tokens came after it had begun to pass on what it held')
      for (const numbering of [came, passed]) {
        const problem = numbering.settle()
        if (problem !== null) note(problem)
      }
      if (passed.last > came.last) note('it has passed on more than came')
    }
  }

  #at(node: number): Sort {
    const sort = this.#sorts.get(node) ?? {
      came: new Numbering('places of what comes'),
      passed: new Numbering('places of what it passes on'),
    }
    this.#sorts.set(node, sort)
    return sort
  }
}

/** What is wrong with a hold at a sort. */
export function* sortHoldProblems({ group, batch }: HoldFact): Iterable<string> {
  if (group !== 0 || batch !== null) yield 'is held by a sort for a group, and sorts have none'
}

/** Each visit at a sort that ended well is a release, and the reverse; `held`: those whose visit was held before. */
export function* releaseProblems(
  { visits, releases, endings }: SubjectEntry,
  ways: Ways,
  held: ReadonlySet<VisitFact>,
): Iterable<string> {
  const due = new Set<string>()
  for (const visit of visits) {
    const { token, node, status } = visit
    if (ways.kind(node) !== 'sort') continue
    const at = ways.name(node)
    if (status === VISIT_OK) {
      due.add(`${token} ${node}`)
      if (!held.has(visit)) yield `${tokenName(token)} leaves ${at}, and wasn't held there`
    } else if (isError(status) && !endings.some(each => each.token === token && each.fate === ABANDONED))
      yield `${tokenName(token)} met an error at ${at}, where none can be`
  }
  for (const { token, node } of releases)
    if (!due.delete(`${token} ${node}`))
      yield `${tokenName(token)} is passed on by ${ways.name(node)}, and no visit says so`
  for (const left of due) {
    const [token, node] = left.split(' ').map(Number) as [number, number]
    yield `${tokenName(token)} leaves ${ways.name(node)}, and has no place in its order`
  }
}
