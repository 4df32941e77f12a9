/**
 * The open tokens of a run as its log has them, so that each entry changes the table only where needed, and each commit states how many
 * there are and the hash of their set.
 *
 * OPEN-TOKENS-1. What it says is what the table holds after all that was appended. `drop` goes back to what was durable last.
 * OPEN-TOKENS-2. An element of the set is `[token,row,batch,node,seq]` as JSON, as in the table.
 */
import type { OpenFact } from '../../format/entry.ts'
import { SetHash } from '../../format/set-hash.ts'
import type { StoredOpenToken } from '../read-port.ts'
import type { OpenChange, SubjectDraft } from '../write-port.ts'
import { type Stand, TokenTable } from './token-table.ts'

export const NO_CHANGE: OpenChange = { stands: [], gone: [] }

type Subject = Pick<StoredOpenToken, 'row' | 'batch'>

export class OpenTokens {
  readonly #tokens = new TokenTable()
  #hash = new SetHash()
  #durable = this.#hash.copy()
  /** What was there before each change since, in order. */
  readonly #undo: Array<readonly [token: number, before: Stand | undefined]> = []

  static from(stored: Iterable<StoredOpenToken>): OpenTokens {
    const open = new OpenTokens()
    for (const each of stored) open.#add(each)
    open.accept(open.mark())
    return open
  }

  static async read(stored: AsyncIterable<StoredOpenToken>): Promise<OpenTokens> {
    const open = new OpenTokens()
    for await (const each of stored) open.#add(each)
    open.accept(open.mark())
    return open
  }

  fact(): OpenFact {
    return { count: this.#hash.count, hash: this.#hash.digest() }
  }

  /** What an entry changes, which is appended as `seq`. */
  change(seq: number, { subject, moved, endings }: SubjectDraft): OpenChange {
    if (moved.length === 0 && this.#tokens.size === 0) return NO_CHANGE
    const of: Subject = subject.kind === 'row' ? { row: subject.row, batch: null } : { row: null, batch: subject.batch }
    const stands: OpenChange['stands'][number][] = []
    for (const { token, node } of moved) {
      const before = this.#tokens.get(token)
      if (before?.node === node) continue
      if (before !== undefined) this.#hash.remove(elementOf({ token, ...of, ...before }))
      this.#hash.add(elementOf({ token, ...of, node, seq }))
      this.#undo.push([token, before])
      this.#tokens.set(token, { node, seq })
      stands.push({ token, node, is_new: before === undefined })
    }
    const gone = endings.flatMap(({ token }) => (this.#take(token, of) ? [token] : []))
    return stands.length + gone.length === 0 ? NO_CHANGE : { stands, gone }
  }

  /** Up to here a commit has taken it. */
  mark(): { readonly changes: number; readonly hash: SetHash } {
    return { changes: this.#undo.length, hash: this.#hash.copy() }
  }

  /** What was marked is durable. */
  accept({ changes, hash }: ReturnType<OpenTokens['mark']>): void {
    this.#undo.splice(0, changes)
    this.#durable = hash
  }

  drop(): void {
    for (const [token, before] of this.#undo.splice(0).reverse())
      if (before === undefined) this.#tokens.delete(token)
      else this.#tokens.set(token, before)
    this.#hash = this.#durable.copy()
  }

  #add(stored: StoredOpenToken): void {
    this.#hash.add(elementOf(stored))
    this.#tokens.set(stored.token, stored)
  }

  #take(token: number, of: Subject): boolean {
    const before = this.#tokens.get(token)
    if (before === undefined) return false
    this.#undo.push([token, before])
    this.#hash.remove(elementOf({ token, ...of, ...before }))
    return this.#tokens.delete(token)
  }
}

function elementOf({ token, row, batch, node, seq }: StoredOpenToken): string {
  return `[${token},${row},${batch},${node},${seq}]`
}
