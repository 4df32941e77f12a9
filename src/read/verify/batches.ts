/**
 * Batches: their members are tokens of many rows, so they are followed across subjects (I4). Whatever a batch's closing
 * comes to happens in one commit (I2); `settle` looks at it when the commit's own entry comes.
 */
import type { HoldFact } from '../../format/entry.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { type Check, tokenName } from './check.ts'
import { Joins } from './joins.ts'
import type { Ways } from './ways.ts'
import type { Stretch } from './whole-rows.ts'

interface Batch {
  readonly group: number
  readonly node: number
  readonly batch: number | null
  /** Canonical text; null if it has none, or it is erased. */
  readonly key: string | null
  /** Tokens that are held for it, with their places. */
  readonly held: Map<number, number>
}
interface Closing {
  readonly group: number
  readonly members: readonly number[]
  readonly births: number
  /** The run was given up while it waited. */
  readonly abandoned: boolean
}
/** A token's visit at an aggregate came to its end. */
export interface Release {
  readonly token: number
  readonly node: number
  /** Group that held it; 0 if none did. */
  readonly group: number
  readonly failed: boolean
}

export class Batches {
  /** What is held at joins, and becomes groups there. */
  readonly joins: Joins
  readonly #check: Check
  readonly #ways: Ways
  readonly #open = new Map<number, Batch>()
  /** Groups of open batches that have keys. */
  readonly #by_key = new Map<string, number>()
  // Since the last commit:
  readonly #fresh = new Set<number>()
  #closings: Closing[] = []
  #holds: HoldFact[] = []
  /** By token: the group that held it last. */
  #abandoned = new Map<number, number>()
  /** By token and node: a token may pass several aggregates within a commit, and each once. */
  #releases = new Map<string, Release>()
  /** By token: the group of a CONSUMED_IN_BATCH or batch_failed ending. */
  #ended = new Map<number, number>()

  constructor(check: Check, ways: Ways) {
    this.#check = check
    this.#ways = ways
    this.joins = new Joins(check, ways)
  }

  /** `batch`: its number; null if what opens it is no batch. */
  open(group: number, node: number, batch: number | null, key: string | null): void {
    this.#open.set(group, { group, node, batch, key, held: new Map() })
    this.#fresh.add(group)
  }

  hold(fact: HoldFact): void {
    this.#holds.push(fact)
  }

  release(release: Release): void {
    this.#releases.set(`${release.token} ${release.node}`, release)
  }

  /** The token ended as a member, by being consumed or by failing with the batch. */
  end(token: number, group: number): void {
    this.#ended.set(token, group)
  }

  /** The same of tokens that came and went within one entry each (whole-rows.ts). */
  pass({ holds, releases, ends }: Pick<Stretch, 'holds' | 'releases' | 'ends'>): void {
    for (const [token, node, group, ordinal, batch] of holds) this.hold({ token, node, group, ordinal, batch })
    for (const [token, node, group, failed] of releases) this.release({ token, node, group, failed: failed === 1 })
    for (const [token, group] of ends) this.end(token, group)
  }

  /** The token was held when the run was abandoned. */
  abandon(token: number, group: number): void {
    this.#abandoned.set(token, group)
  }

  close(closing: Closing): void {
    this.#closings.push(closing)
  }

  /** All entries of a commit are in. */
  settle(): void {
    this.joins.settle()
    for (const { group, node, token, ordinal, batch: number } of this.#holds) {
      const batch = this.#open.get(group)
      if (batch === undefined) this.#check.add(`${tokenName(token)} is held for batch group ${group}, which isn't open`)
      else if (batch.node !== node)
        this.#check.add(
          `${tokenName(token)} is held at ${this.#ways.name(node)} for a batch of ${this.#ways.name(batch.node)}`,
        )
      else if (batch.batch !== number)
        this.#check.add(
          `${tokenName(token)} is held for batch ${number ?? 'none'}, and its group ${group} is batch ${batch.batch}`,
        )
      else batch.held.set(token, ordinal)
    }
    for (const closing of this.#closings) this.#settleOne(closing)
    this.#settleKeys()
    for (const [token, group] of this.#abandoned)
      if (this.#open.get(group)?.held.delete(token) === true)
        this.#check.add(`${tokenName(token)} is abandoned, and batch group ${group}, which holds it, isn't`)
    for (const { token, node } of this.#releases.values()) {
      this.#check.add(`${tokenName(token)} leaves ${this.#ways.name(node)}, and no batch closes that it is a member of`)
    }
    for (const [token, group] of this.#ended) {
      this.#check.add(
        `${tokenName(token)} ends with batch group ${group}, and isn't among the members that it closes with`,
      )
    }
    this.#closings = []
    this.#holds = []
    this.#abandoned = new Map()
    this.#releases = new Map()
    this.#ended = new Map()
  }

  /** The run is sealed. */
  finish(): void {
    this.joins.finish()
    for (const { group, held } of this.#open.values()) {
      if (held.size > 0)
        this.#check.add(`batch group ${group} never closed, and holds ${counted(held.size, 'token', 'tokens')}`)
    }
  }

  /** Of one aggregate no two batches with the same key are open. */
  #settleKeys(): void {
    for (const group of this.#fresh) {
      const batch = this.#open.get(group)
      if (batch === undefined || batch.key === null) continue
      const other = this.#by_key.get(nameOf(batch))
      if (other !== undefined)
        this.#check.add(
          `batch groups ${other} and ${group} of ${this.#ways.name(batch.node)} are open with the same key`,
        )
      this.#by_key.set(nameOf(batch), group)
    }
    this.#fresh.clear()
  }

  #settleOne({ group, members, births, abandoned }: Closing): void {
    const name = `batch group ${group}`
    const batch = this.#open.get(group)
    if (batch === undefined) {
      this.#check.add(`${name} closes, and isn't open`)
      return
    }
    this.#open.delete(group)
    if (batch.key !== null && this.#by_key.get(nameOf(batch)) === group) this.#by_key.delete(nameOf(batch))
    if (new Set(members).size !== members.length) this.#check.add(`${name} has a member twice`)
    if (members.length === 0) this.#check.add(`${name} closes without members`)
    let consumed = 0
    let failed = 0
    for (const [i, member] of members.entries()) {
      const place = batch.held.get(member)
      if (place === undefined) this.#check.add(`${name} has ${tokenName(member)} as a member, and never held it`)
      else if (place !== i)
        this.#check.add(`${name} has ${tokenName(member)} as member ${i + 1}, and it came as number ${place + 1}`)
      batch.held.delete(member)
      if (abandoned) {
        if (this.#abandoned.get(member) !== group)
          this.#check.add(`${tokenName(member)} is a member of ${name}, which is abandoned, and isn't`)
        this.#abandoned.delete(member)
        continue
      }
      const release = this.#takeRelease(member, batch)
      const end = this.#takeEnd(member, group)
      if (release?.failed === true) failed++
      else if (end) consumed++
    }
    for (const token of batch.held.keys()) this.#check.add(`${name} closes without ${tokenName(token)}, which it holds`)
    for (const [count, what] of [
      [consumed, 'were consumed'],
      [failed, 'failed'],
    ] as const) {
      if (count !== 0 && count !== members.length) {
        this.#check.add(
          `${name}: ${grouped(count)} of ${grouped(members.length)} members ${what}, and the others didn't`,
        )
      }
    }
    if (births > 0 && consumed === 0) this.#check.add(`${name} gave new tokens, and consumed no member`)
  }

  #takeRelease(member: number, { group, node }: Batch): Release | null {
    const key = `${member} ${node}`
    const release = this.#releases.get(key)
    const who = `${tokenName(member)}, a member of batch group ${group},`
    if (release === undefined) {
      this.#check.add(`${who} isn't released with it`)
      return null
    }
    this.#releases.delete(key)
    if (release.group !== group) this.#check.add(`${who} was held for another one`)
    return release
  }

  /** Whether the member ended with the batch. */
  #takeEnd(member: number, group: number): boolean {
    const ended = this.#ended.get(member)
    if (ended === undefined) return false
    // A token that went on from this batch may have ended with a later one.
    if (ended !== group) return false
    this.#ended.delete(member)
    return true
  }
}

const nameOf = ({ node, key }: Batch): string => `${node} ${key}`
