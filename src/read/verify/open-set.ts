/**
 * Which tokens are open, where, and since which entry, as the entries tell it; against what each commit says of that set, and what
 * the table has in the end. Where each stands its row or batch knows; here is only how many there are, and the hash of their set.
 */
import type { OpenFact } from '../../format/entry.ts'
import { SetHash } from '../../format/set-hash.ts'
import type { LedgerReader, StoredOpenToken } from '../../ledger/read-port.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { type Check, entryName, tokenName } from './check.ts'
import type { Stories } from './stories.ts'
import type { SubjectState } from './subject.ts'
import type { TokenState } from './token.ts'
import type { Ways } from './ways.ts'

/** Rows and batches. */
export type AllStories = { readonly [kind in SubjectState['subject']['kind']]: Pick<Stories, 'open' | 'look'> }

export class OpenSet {
  readonly #hash = new SetHash()

  /** After an entry was folded: of those tokens that moved in it, and those that ended. */
  take(seq: number, { subject, tokens, gone }: SubjectState, moved: Iterable<{ readonly token: number }>): void {
    for (const token of gone) this.#leave(subject, token)
    for (const { token: id } of moved) {
      const token = tokens.get(id)
      if (token === undefined || token.stands.node === token.node) continue
      this.#leave(subject, token)
      token.stands = { node: token.node, seq }
      this.#hash.add(textOf(openTokenOf(subject, token)))
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
  async compare(
    reader: Pick<LedgerReader, 'openToken' | 'openTokens' | 'count'>,
    log: number,
    stories: AllStories,
    { lost, ways, check }: { readonly lost: ReadonlySet<number>; readonly ways: Ways; readonly check: Check },
  ): Promise<void> {
    let found = 0
    /** Those of which something has been said. */
    const wrong = new Set<number>()
    for (const of_kind of [stories.row, stories.batch])
      for (const { subject, tokens } of of_kind.open()) {
        if (subject.kind === 'row' && lost.has(subject.row)) continue
        for (const token of tokens.values()) {
          const stored = await reader.openToken(log, token.id)
          if (stored !== null) found++
          const problem = differenceOf(openTokenOf(subject, token), stored, ways)
          if (problem === null) continue
          check.add(problem)
          wrong.add(token.id)
        }
      }
    if ((await reader.count(log, 'open_tokens')) === found) return
    for await (const { token, row, batch } of reader.openTokens(log)) {
      if (lost.has(row ?? 0) || wrong.has(token)) continue
      const state = row === null ? stories.batch.look(batch ?? 0) : stories.row.look(row)
      if (state?.tokens.has(token) !== true)
        check.add(`${tokenName(token)} is in the table of open ones, and isn't open`)
    }
  }

  #leave(subject: SubjectState['subject'], token: TokenState): void {
    if (token.stands.node !== 0) this.#hash.remove(textOf(openTokenOf(subject, token)))
  }
}

function openTokenOf(subject: SubjectState['subject'], { id, stands }: TokenState): StoredOpenToken {
  const row = subject.kind === 'row' ? subject.row : null
  const batch = subject.kind === 'batch' ? subject.batch : null
  return { token: id, row, batch, ...stands }
}

function differenceOf(is: StoredOpenToken, found: StoredOpenToken | null, ways: Ways): string | null {
  if (found === null) return `${tokenName(is.token)} is open, and isn't in the table of open ones`
  if (found.row !== is.row || found.batch !== is.batch || found.seq !== is.seq) {
    const name = entryName(
      is.seq,
      is.row === null ? { kind: 'batch', batch: is.batch ?? 0 } : { kind: 'row', row: is.row },
    )
    return `${tokenName(is.token)} is open since ${name}, and the table of open ones has row ${found.row}, batch ${found.batch}, ${entryName(found.seq)}`
  }
  if (found.node === is.node) return null
  return `${tokenName(is.token)} stands at ${ways.name(is.node)}, and the table of open ones says ${ways.name(found.node)}`
}

/** An element of the set (docs/ledger-format.md, section 4). */
export function textOf({ token, row, batch, node, seq }: StoredOpenToken): string {
  return JSON.stringify([token, row, batch, node, seq])
}
