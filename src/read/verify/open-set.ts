/**
 * Which tokens are open, where, and since which entry, as the entries tell it; against what each commit says of that set, and what
 * the table has in the end.
 */
import type { OpenFact, SubjectEntry } from '../../format/entry.ts'
import { SetHash } from '../../format/set-hash.ts'
import type { StoredOpenToken } from '../../ledger/read-port.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { type Check, entryName, tokenName } from './check.ts'
import type { Ways } from './ways.ts'

export class OpenSet {
  readonly #hash = new SetHash()
  readonly #standing = new Map<number, StoredOpenToken>()

  /** After an entry was folded; `tokens` are those of its subject that are open now. */
  take(seq: number, entry: SubjectEntry, tokens: ReadonlyMap<number, { readonly node: number }>): void {
    // Most rows begin and end in one entry.
    if (tokens.size === 0 && this.#standing.size === 0) return
    const { subject } = entry
    for (const { token } of entry.endings) this.#leave(token)
    for (const { token } of [...entry.births, ...entry.visits]) {
      const open = tokens.get(token)
      if (open === undefined || this.#standing.get(token)?.node === open.node) continue
      this.#leave(token)
      const row = subject.kind === 'row' ? subject.row : null
      const batch = subject.kind === 'batch' ? subject.batch : null
      const stands = { token, row, batch, node: open.node, seq }
      this.#standing.set(token, stands)
      this.#hash.add(textOf(stands))
    }
  }

  /** What a commit says of it. */
  commit(seq: number, { count, hash }: OpenFact, check: Check): void {
    if (count !== this.#hash.count)
      check.add(
        `${entryName(seq)}: it says that ${counted(count, 'token is', 'tokens are')} open, and ${grouped(this.#hash.count)} are`,
      )
    else if (hash !== this.#hash.digest())
      check.add(`${entryName(seq)}: the set hash that it has of open tokens isn't that of those that are open`)
  }

  /** The table holds exactly these; of rows that are `lost`, because an entry can't be read, nothing is said. */
  compare(stored: readonly StoredOpenToken[], lost: ReadonlySet<number>, ways: Ways, check: Check): void {
    const rest = new Map(stored.filter(each => !lost.has(each.row ?? 0)).map(each => [each.token, each]))
    for (const is of this.#standing.values()) {
      if (lost.has(is.row ?? 0)) continue
      const found = rest.get(is.token)
      rest.delete(is.token)
      if (found === undefined) {
        check.add(`${tokenName(is.token)} is open, and isn't in the table of open ones`)
      } else if (found.row !== is.row || found.batch !== is.batch || found.seq !== is.seq) {
        const subject = is.row === null ? 'batch' : 'row'
        const name = entryName(is.seq, { kind: subject, [subject]: is.row ?? is.batch } as SubjectEntry['subject'])
        check.add(
          `${tokenName(is.token)} is open since ${name}, and the table of open ones has row ${found.row}, batch ${found.batch}, ${entryName(found.seq)}`,
        )
      } else if (found.node !== is.node) {
        check.add(
          `${tokenName(is.token)} stands at ${ways.name(is.node)}, and the table of open ones says ${ways.name(found.node)}`,
        )
      }
    }
    for (const token of rest.keys()) check.add(`${tokenName(token)} is in the table of open ones, and isn't open`)
  }

  #leave(token: number): void {
    const before = this.#standing.get(token)
    if (before === undefined) return
    this.#standing.delete(token)
    this.#hash.remove(textOf(before))
  }
}

/** An element of the set (docs/ledger-format.md, section 4). */
export function textOf({ token, row, batch, node, seq }: StoredOpenToken): string {
  return JSON.stringify([token, row, batch, node, seq])
}
