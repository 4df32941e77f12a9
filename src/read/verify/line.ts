/**
 * The order of what is under way, commit by commit (I7): tokens that are in line are open, and there once; those that
 * are open are in line, or wait in a batch; merges that wait are of forks that are open.
 */
import { type CommitLine, type LineMember, RecordedLine } from '../../format/commit-line.ts'
import { grouped } from '../../model/number-text.ts'
import { type Check, entryName, tokenName } from './check.ts'
import { NumberSet } from './number-set.ts'
import type { Ways } from './ways.ts'

export class LineCheck {
  readonly #line = new RecordedLine()
  readonly #open = new NumberSet()
  /** Nodes of forks, by the groups of forks whose rows have something open. */
  readonly #forks = new Map<number, number>()
  /** By fork group: traces in line. */
  readonly #traces = new Map<number, number>()
  /** Tokens that wait in a batch, a join or a sort. */
  readonly #batched = new NumberSet()
  /** Tokens of which something was recorded since the last commit. */
  #touched = new Set<number>()
  /** Open ones that stand nowhere: whoever goes on would forget them. */
  readonly #astray = new Set<number>()
  /** What was open at the last commit, and isn't any more. */
  #ended: number[] = []
  #closed: number[] = []

  born(token: number): void {
    this.#open.add(token)
    this.#touched.add(token)
  }

  /** A visit; `batched`: it goes on in a batch. */
  visited(token: number, batched: boolean): void {
    if (batched) this.#batched.add(token)
    else this.#batched.delete(token)
    this.#touched.add(token)
  }

  ended(token: number): void {
    this.#open.delete(token)
    this.#batched.delete(token)
    this.#touched.add(token)
    this.#ended.push(token)
  }

  /** Tokens and forks that came and went within one entry each. */
  passed(tokens: readonly number[], forks: readonly number[]): void {
    for (const token of tokens) this.#ended.push(token)
    for (const group of forks) this.#closed.push(group)
  }

  forked(group: number, node: number): void {
    this.#forks.set(group, node)
  }

  closed(group: number): void {
    this.#forks.delete(group)
    this.#closed.push(group)
  }

  /** A commit; `check` may be null if its entries can't all be read. */
  commit(seq: number, facts: CommitLine, ways: Ways, check: Check | null): void {
    const problems = new Map<LineMember, string>()
    for (const member of facts.moved?.out ?? this.#line) this.#touch(member)
    const misplaced = (member: LineMember) => problems.set(member, misplacedText(member, ways))
    this.#line.take(facts, (member, fault) => {
      if (fault === 'twice') misplaced(member)
      else problems.set(member, `${nameOf(member)} isn't in line, where the commit says what moved`)
    })
    for (const member of facts.moved?.out ?? []) this.#count(member, -1)
    if (facts.moved === undefined) this.#traces.clear()
    const came = facts.line ?? facts.moved?.in.flatMap(([, ...members]) => members) ?? []
    for (const member of came) {
      this.#count(member, 1)
      this.#touch(member)
      if (!this.#fits(member, ways)) misplaced(member)
    }
    for (const token of this.#ended) if (this.#line.has(token)) misplaced(token)
    for (const group of this.#closed)
      if ((this.#traces.get(group) ?? 0) > 0)
        for (const member of this.#line) if (typeof member !== 'number' && member[0] === group) misplaced(member)
    for (const token of this.#settle())
      problems.set(token, `${tokenName(token)} is open, and neither in line nor in a batch`)
    this.#ended = []
    this.#closed = []
    if (check !== null) for (const problem of problems.values()) check.add(`${entryName(seq)}: ${problem}`)
  }

  #touch(member: LineMember): void {
    if (typeof member === 'number') this.#touched.add(member)
  }

  /** Those that stand nowhere. */
  #settle(): Iterable<number> {
    for (const token of this.#touched) {
      const stands = !this.#open.has(token) || this.#batched.has(token) || this.#line.has(token)
      if (stands) this.#astray.delete(token)
      else this.#astray.add(token)
    }
    this.#touched = new Set()
    return this.#astray
  }

  #count(member: LineMember, by: 1 | -1): void {
    if (typeof member === 'number') return
    const count = (this.#traces.get(member[0]) ?? 0) + by
    if (count > 0) this.#traces.set(member[0], count)
    else this.#traces.delete(member[0])
  }

  #fits(member: LineMember, ways: Ways): boolean {
    if (typeof member === 'number') return this.#open.has(member)
    const [group, coalesce, branch] = member
    const fork = this.#forks.get(group)
    if (ways.kind(coalesce) !== 'coalesce' || fork === undefined) return false
    const names = ways.branches(coalesce)
    // Each branch has three: where it is lost, where it goes on if the group fails and its members do, and where it is lost late.
    const kind = Math.floor(branch / names.length)
    const name = kind < 3 && (kind !== 1 || ways.errorEdge(coalesce) !== 0) ? names[branch % names.length] : undefined
    return name !== undefined && ways.branches(fork).includes(name)
  }
}

function misplacedText(member: LineMember, ways: Ways): string {
  const what = typeof member === 'number' ? "isn't open or is there twice" : `doesn't come to ${ways.name(member[1])}`
  return `${nameOf(member)} is in line, and ${what}`
}

function nameOf(member: LineMember): string {
  return typeof member === 'number' ? tokenName(member) : `branch ${member[2]} of group ${grouped(member[0])}`
}
