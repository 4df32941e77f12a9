/**
 * Joins: what they hold are tokens of many rows, so they are followed across subjects (I4). A group, the endings of its members and what
 * is born of it are of one commit (I2); `settle` looks at it when the commit's own entry comes.
 */
import type { BirthFact, HoldFact } from '../../format/entry.ts'
import type { JoinSide } from '../../format/topology.ts'
import { counted } from '../../model/number-text.ts'
import { type Check, tokenName } from './check.ts'
import { NumberMap, NumberSet } from './number-set.ts'
import type { Ways } from './ways.ts'

interface Join {
  came: number
  /** Tokens that it holds. */
  readonly held: NumberSet
  /** Right ones that have ended in a group, with their places: others may match them, too. */
  readonly matched: NumberMap
}
interface Closing {
  readonly group: number
  readonly node: number
  readonly members: readonly number[]
  readonly births: readonly BirthFact[]
}
/** The visit of a token that was held came to its end. */
interface Release {
  readonly token: number
  readonly node: number
  /** By which it left; 0 if it ended there. */
  readonly edge: number
  /** By which it came. */
  readonly side: JoinSide | undefined
  /** Its place among those that came to the join, from 0. */
  readonly ordinal: number
}

export class Joins {
  readonly #check: Check
  readonly #ways: Ways
  readonly #joins = new Map<number, Join>()
  // Since the last commit:
  #holds: Array<{ readonly fact: HoldFact; readonly side: JoinSide | undefined }> = []
  #closings: Closing[] = []
  #releases = new Map<string, Release>()
  /** By token: the group that it ended with. */
  #ended = new Map<number, number>()
  #abandoned: Array<{ readonly token: number; readonly node: number }> = []

  constructor(check: Check, ways: Ways) {
    this.#check = check
    this.#ways = ways
  }

  hold(fact: HoldFact, side: JoinSide | undefined): void {
    this.#holds.push({ fact, side })
  }

  release(release: Release): void {
    this.#releases.set(`${release.token} ${release.node}`, release)
  }

  end(token: number, group: number): void {
    this.#ended.set(token, group)
  }

  /** The token was held there when the run was abandoned. */
  abandon(token: number, node: number): void {
    this.#abandoned.push({ token, node })
  }

  close(closing: Closing): void {
    this.#closings.push(closing)
  }

  /** All entries of a commit are in. */
  settle(): void {
    this.#settleHolds()
    for (const closing of this.#closings.sort((a, b) => a.group - b.group)) this.#settleOne(closing)
    for (const { token, node, edge, side } of this.#releases.values()) {
      if (!this.#take(node, token) || edge === 0)
        this.#check.add(`${tokenName(token)} leaves ${this.#ways.name(node)}, and no group there has it as a member`)
      else if (!this.#fits(edge, side))
        this.#check.add(
          `${tokenName(token)} came to ${this.#ways.name(node)} by its ${side} side, and leaves it by ${this.#ways.label(edge)}`,
        )
    }
    for (const { token, node } of this.#abandoned) this.#take(node, token)
    for (const [token, group] of this.#ended)
      this.#check.add(`${tokenName(token)} ends with group ${group} of a join, and isn't among its members`)
    this.#holds = []
    this.#closings = []
    this.#releases = new Map()
    this.#ended = new Map()
    this.#abandoned = []
  }

  /** The run is sealed. */
  finish(): void {
    for (const [node, { held }] of this.#joins)
      if (held.size > 0)
        this.#check.add(`${this.#ways.name(node)} has never let ${counted(held.size, 'token')} go that it holds`)
  }

  /** Places are those of all that came, without a gap. */
  #settleHolds(): void {
    for (const { fact, side } of this.#holds.sort((a, b) => a.fact.ordinal - b.fact.ordinal)) {
      const { token, node, group, ordinal, batch } = fact
      const join = this.#at(node)
      const who = `${tokenName(token)} is held at ${this.#ways.name(node)}`
      if (group !== 0 || batch !== null)
        this.#check.add(`${who} for group ${group}, and a join has none before its end`)
      if (ordinal !== join.came)
        this.#check.add(`${who} in place ${ordinal + 1}, and ${counted(join.came, 'token')} came before`)
      if (side === undefined) this.#check.add(`${who}, and came by none of its sides`)
      join.came = ordinal + 1
      join.held.add(token)
    }
  }

  #settleOne({ group, node, members, births }: Closing): void {
    const name = `group ${group} of ${this.#ways.name(node)}`
    const join = this.#at(node)
    const [left, ...rights] = members
    if (new Set(members).size !== members.length) this.#check.add(`${name} has a member twice`)
    for (const member of members)
      this.#settleMember(join, member, member === left ? 'left' : 'right', group, node, name)
    const matches = births.map(({ parents }) => parents[1] ?? 0)
    const places = matches.map(token => join.matched.get(token))
    for (const [i, token] of matches.entries())
      if (places[i] === undefined)
        this.#check.add(`${name} has ${tokenName(token)} as a match, which is no right one that it could have`)
    if (places.some((place, i) => i > 0 && (place ?? 0) <= (places[i - 1] ?? 0)))
      this.#check.add(`${name} has matches in another order than they came in`)
    for (const right of rights)
      if (!matches.includes(right))
        this.#check.add(`${name} has ${tokenName(right)} as a member, and nothing is born of it`)
  }

  #settleMember(join: Join, member: number, side: JoinSide, group: number, node: number, name: string): void {
    const release = this.#releases.get(`${member} ${node}`)
    const who = `${name} has ${tokenName(member)} as a member`
    if (!join.held.delete(member)) this.#check.add(`${who}, and doesn't hold it`)
    else if (release !== undefined && release.side !== side)
      this.#check.add(`${who} in the place of a ${side} one, and it is a ${release.side} one`)
    if (side === 'right') join.matched.set(member, release?.ordinal ?? 0)
    if (release?.edge !== 0) this.#check.add(`${who}, and it doesn't end there`)
    else this.#releases.delete(`${member} ${node}`)
    if (this.#ended.get(member) !== group) this.#check.add(`${who}, and it doesn't end with it`)
    else this.#ended.delete(member)
  }

  /** Left rows may fail; what nothing matches leaves by the route of its side. */
  #fits(edge: number, side: JoinSide | undefined): boolean {
    return this.#ways.isForErrors(edge) ? side === 'left' : this.#ways.label(edge) === side
  }

  /** False if it isn't held there. */
  #take(node: number, token: number): boolean {
    return this.#joins.get(node)?.held.delete(token) === true
  }

  #at(node: number): Join {
    const join = this.#joins.get(node) ?? { came: 0, held: new NumberSet(), matched: new NumberMap() }
    this.#joins.set(node, join)
    return join
  }
}
