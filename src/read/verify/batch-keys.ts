/**
 * `verify --decisions`: which batch a row is in, where an aggregate has a batch for each key. Each row that is held must have the key of
 * its batch. Kept are the keys of batches that are open, or have closed in the commit that is being read.
 */
import { type SubjectEntry, VISIT_HELD } from '../../format/entry.ts'
import { canonicalize } from '../../model/canonical.ts'
import { keyValue } from '../../model/decimal-text.ts'
import { isRow, type Json, newRow } from '../../model/row.ts'
import type { SubjectValues } from '../values.ts'
import { type Place, tokenName } from './check.ts'
import type { Ways } from './ways.ts'

/** A row that is held for a batch; `key` is canonical text, null if the row is erased. */
interface Member {
  readonly key: string | null
  /** For problems. */
  readonly who: string
}

/** What a look at one member gave: a problem, nothing, or that it can't be looked at. */
export interface Verdicts {
  compare(problem: string | null, who: string): void
  leaveOut(): void
}

export class BatchKeys {
  readonly #verdicts: Verdicts
  /** By number of the batch; null if it is erased. */
  readonly #keys = new Map<number, string | null>()
  /** Of batches that no entry has opened yet. */
  readonly #early = new Map<number, Member[]>()
  #closed: number[] = []

  constructor(verdicts: Verdicts) {
    this.#verdicts = verdicts
  }

  /** An entry whose values are known. */
  take(entry: SubjectEntry, values: SubjectValues, where: Place, ways: Ways): void {
    const { subject, groups_opened, groups_closed, holds, visits } = entry
    if (subject.kind === 'batch') {
      const { batch } = subject
      for (const { node } of groups_opened) if (ways.per(node) !== undefined) this.#open(batch, values)
      if (groups_closed.length > 0) this.#closed.push(batch)
    }
    for (const { token, node, batch } of holds) {
      const fields = ways.per(node)
      if (fields === undefined || batch === null) continue
      const visit = visits.find(each => each.token === token && each.node === node && each.status === VISIT_HELD)
      const number = visit?.in ?? 0
      const row = values.get(number)
      const who = `${where}: ${tokenName(token)}`
      if (values.isMissing(number)) this.#hold(batch, { key: null, who })
      else this.#hold(batch, { key: isRow(row) ? keyOf(fields, row, ways.byValue(node)) : NO_KEY, who })
    }
  }

  /** All entries of a commit are in: what has closed is spoken of no more. */
  settle(): void {
    for (const batch of this.#closed) this.#keys.delete(batch)
    this.#closed = []
    this.#early.clear()
  }

  #open(batch: number, values: SubjectValues): void {
    this.#keys.set(batch, values.isMissing(1) ? null : canonicalize(values.get(1)))
    for (const member of this.#early.get(batch) ?? []) this.#hold(batch, member)
    this.#early.delete(batch)
  }

  #hold(batch: number, member: Member): void {
    const key = this.#keys.get(batch)
    if (key === undefined) {
      const early = this.#early.get(batch)
      if (early === undefined) this.#early.set(batch, [member])
      else early.push(member)
    } else if (key === null || member.key === null) this.#verdicts.leaveOut()
    else
      this.#verdicts.compare(key === member.key ? null : `is held in batch ${batch}, whose key is another`, member.who)
  }
}

/** Of what is no row; no key has this text. */
const NO_KEY = ''

function keyOf(
  fields: readonly string[],
  row: { readonly [field: string]: Json },
  by_value: readonly number[],
): string {
  const key = newRow()
  for (const [i, field] of fields.entries()) key[field] = keyValue(row[field] ?? null, by_value.includes(i))
  return canonicalize(key)
}
