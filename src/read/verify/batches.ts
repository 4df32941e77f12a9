/**
 * Batches: their members are tokens of many rows, so they are followed across subjects (I4). Whatever a batch's closing
 * comes to happens in one commit (I2); `settle` looks at it when the commit's own entry comes.
 */
import { type Check, grouped, tokenName } from './check.ts'
import type { Ways } from './ways.ts'

interface Batch {
  readonly group: number
  readonly node: number
  /** Tokens that are held for it. */
  readonly held: Set<number>
}
interface Closing {
  readonly group: number
  readonly verdict: string
  readonly members: readonly number[]
  readonly births: number
}
/** A token's visit at an aggregate came to its end. */
interface Release {
  readonly node: number
  /** Group that held it; 0 if it was the one that closed the batch. */
  readonly group: number
  readonly failed: boolean
}

export class Batches {
  readonly #check: Check
  readonly #ways: Ways
  readonly #open = new Map<number, Batch>()
  // Since the last commit:
  #closings: Closing[] = []
  #holds: { readonly group: number; readonly node: number; readonly token: number }[] = []
  #abandoned: { readonly group: number; readonly token: number }[] = []
  #releases = new Map<number, Release>()
  /** By token: the group of a CONSUMED_IN_BATCH or batch_failed ending. */
  #ended = new Map<number, { readonly group: number; readonly failed: boolean }>()

  constructor(check: Check, ways: Ways) {
    this.#check = check
    this.#ways = ways
  }

  open(group: number, node: number): void {
    this.#open.set(group, { group, node, held: new Set() })
  }

  hold(group: number, node: number, token: number): void {
    this.#holds.push({ group, node, token })
  }

  release(token: number, release: Release): void {
    this.#releases.set(token, release)
  }

  /** The token ended as a member, by being consumed or by failing with the batch. */
  end(token: number, group: number, failed: boolean): void {
    this.#ended.set(token, { group, failed })
  }

  /** The token was held when the run was abandoned. */
  abandon(token: number, group: number): void {
    this.#abandoned.push({ group, token })
  }

  close(closing: Closing): void {
    this.#closings.push(closing)
  }

  /** All entries of a commit are in. */
  settle(): void {
    for (const { group, node, token } of this.#holds) {
      const batch = this.#open.get(group)
      if (batch === undefined) this.#check.add(`${tokenName(token)} is held for batch group ${group}, which isn't open`)
      else if (batch.node !== node)
        this.#check.add(
          `${tokenName(token)} is held at ${this.#ways.name(node)} for a batch of ${this.#ways.name(batch.node)}`,
        )
      else batch.held.add(token)
    }
    for (const closing of this.#closings) this.#settleOne(closing)
    for (const { group, token } of this.#abandoned) this.#open.get(group)?.held.delete(token)
    for (const [token, { node }] of this.#releases) {
      this.#check.add(`${tokenName(token)} leaves ${this.#ways.name(node)}, and no batch closes that it is a member of`)
    }
    for (const [token, { group }] of this.#ended) {
      this.#check.add(
        `${tokenName(token)} ends with batch group ${group}, and isn't among the members that it closes with`,
      )
    }
    this.#closings = []
    this.#holds = []
    this.#abandoned = []
    this.#releases = new Map()
    this.#ended = new Map()
  }

  /** The run is sealed. */
  finish(): void {
    for (const { group, held } of this.#open.values()) {
      if (held.size > 0)
        this.#check.add(`batch group ${group} never closed, and holds ${grouped(held.size)} row instances`)
    }
  }

  #settleOne({ group, verdict, members, births }: Closing): void {
    const name = `batch group ${group}`
    const batch = this.#open.get(group)
    if (batch === undefined) {
      this.#check.add(`${name} closes, and isn't open`)
      return
    }
    this.#open.delete(group)
    if (new Set(members).size !== members.length) this.#check.add(`${name} has a member twice`)
    if (members.length === 0) this.#check.add(`${name} closes without members`)
    let consumed = 0
    for (const member of members) {
      batch.held.delete(member)
      if (this.#memberProblem(member, batch, verdict)) continue
      const end = this.#ended.get(member)
      this.#ended.delete(member)
      if (end !== undefined && !end.failed) consumed++
    }
    for (const token of batch.held) this.#check.add(`${name} closes without ${tokenName(token)}, which it holds`)
    if (consumed !== 0 && consumed !== members.length) {
      this.#check.add(`${name} consumed ${grouped(consumed)} of ${grouped(members.length)} members`)
    }
    if (births > 0 && consumed === 0) this.#check.add(`${name} gave new row instances, and consumed no member`)
  }

  /** True if there was one, and it is told. */
  #memberProblem(member: number, batch: Batch, verdict: string): boolean {
    const release = this.#releases.get(member)
    const who = `${tokenName(member)}, a member of batch group ${batch.group},`
    if (release === undefined) {
      this.#check.add(`${who} isn't released with it`)
      return true
    }
    this.#releases.delete(member)
    if (release.node !== batch.node || (release.group !== 0 && release.group !== batch.group)) {
      this.#check.add(`${who} was held for another one`)
      return true
    }
    if (release.failed !== (verdict === 'failed')) {
      this.#check.add(`${who} ${release.failed ? 'failed' : 'did not fail'}, and the batch closed as ${verdict}`)
      return true
    }
    const end = this.#ended.get(member)
    if (end !== undefined && end.group !== batch.group) {
      this.#check.add(`${who} ends with batch group ${end.group}`)
      this.#ended.delete(member)
      return true
    }
    return false
  }
}
