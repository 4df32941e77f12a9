/**
 * `verify --decisions`: which rows match in a join. A left row and each that it was joined with must have the same key, as many as others
 * with that key were; and of two that have left as unmatched none may match the other, or what was joined, whichever came first. Kept are
 * the keys of what joins hold, have joined, or have let go.
 */
import { type SubjectEntry, VISIT_HELD, VISIT_OK } from '../../format/entry.ts'
import type { JoinSide } from '../../format/topology.ts'
import { canonicalize } from '../../model/canonical.ts'
import { keyValue } from '../../model/decimal-text.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { isRow, type Json } from '../../model/row.ts'
import type { SubjectValues } from '../values.ts'
import type { Verdicts } from './batch-keys.ts'
import { type Place, tokenName } from './check.ts'
import type { Ways } from './ways.ts'

/** Canonical texts of a row's key, should it be a left one or a right one; null where it matches nothing. */
type Keys = { readonly [side in JoinSide]: string | null }

interface Join {
  /** By token; 'erased' if its row is. */
  readonly keys: Map<number, Keys | 'erased'>
  /** How many right rows each left one with the key was joined with. */
  readonly joined: Map<string, number>
  /** Keys of rows that left as unmatched. */
  readonly alone: { readonly [side in JoinSide]: Set<string> }
}

/** Something that was decided, to be looked at when all keys of the commit are known. */
interface Pairs {
  readonly node: number
  readonly left: number
  readonly rights: readonly number[]
  readonly who: string
}
interface Unmatched {
  readonly node: number
  readonly token: number
  readonly side: JoinSide
  readonly who: string
}

export class JoinKeys {
  readonly #verdicts: Verdicts
  readonly #joins = new Map<number, Join>()
  // Since the last commit:
  #pairs: Pairs[] = []
  #unmatched: Unmatched[] = []

  constructor(verdicts: Verdicts) {
    this.#verdicts = verdicts
  }

  /** An entry whose values are known. */
  take(
    entry: Pick<SubjectEntry, 'visits' | 'births' | 'groups_opened'>,
    values: SubjectValues,
    where: Place,
    ways: Ways,
  ): void {
    for (const { token, node, status, in: value, edge } of entry.visits) {
      const fields = ways.keys(node)
      if (fields === undefined) continue
      if (status === VISIT_HELD) this.#hold({ node, token, value }, values, fields, ways.byValue(node))
      const side = ways.label(edge)
      if (status === VISIT_OK && (side === 'left' || side === 'right'))
        this.#unmatched.push({ node, token, side, who: `${where}: ${tokenName(token)}` })
    }
    for (const { group, node } of entry.groups_opened) {
      if (ways.keys(node) === undefined) continue
      const births = entry.births.filter(each => each.group === group)
      const left = births[0]?.parents[0] ?? 0
      const rights = births.map(({ parents }) => parents[1] ?? 0)
      this.#pairs.push({ node, left, rights, who: `${where}: ${tokenName(left)}` })
    }
  }

  /** All entries of a commit are in. */
  settle(): void {
    for (const each of this.#pairs) this.#lookAtPairs(each)
    for (const each of this.#unmatched) this.#lookAtUnmatched(each)
    this.#pairs = []
    this.#unmatched = []
  }

  #hold(
    { node, token, value }: { readonly node: number; readonly token: number; readonly value: number },
    values: SubjectValues,
    fields: { readonly [side in JoinSide]: readonly string[] },
    by_value: readonly number[],
  ): void {
    const row = values.get(value)
    const { keys } = this.#at(node)
    if (values.isMissing(value)) keys.set(token, 'erased')
    else if (isRow(row))
      keys.set(token, { left: keyOf(fields.left, row, by_value), right: keyOf(fields.right, row, by_value) })
    else keys.set(token, { left: null, right: null })
  }

  #lookAtPairs({ node, left, rights, who }: Pairs): void {
    const { keys, joined, alone } = this.#at(node)
    const own = keys.get(left)
    keys.delete(left)
    if (own === undefined || own === 'erased') return this.#verdicts.leaveOut()
    const others = rights.map(right => keys.get(right))
    if (others.some(each => each === 'erased' || each === undefined)) return this.#verdicts.leaveOut()
    const wrong = others.findIndex(each => typeof each !== 'object' || each.right !== own.left || own.left === null)
    const key = own.left ?? ''
    const before = joined.get(key)
    joined.set(key, before ?? rights.length)
    if (wrong !== -1)
      return this.#verdicts.compare(`is joined with token ${grouped(rights[wrong] ?? 0)}, whose key is another`, who)
    if (alone.left.has(key) || alone.right.has(key))
      return this.#verdicts.compare('is joined, and a row with its key has left as unmatched', who)
    const fewer = before !== undefined && before !== rights.length
    const found = `is joined with ${counted(rights.length, 'row')}, and another row with its key with ${grouped(before ?? 0)}`
    this.#verdicts.compare(fewer ? found : null, who)
  }

  #lookAtUnmatched({ node, token, side, who }: Unmatched): void {
    const { keys, joined, alone } = this.#at(node)
    const own = keys.get(token)
    keys.delete(token)
    if (own === undefined || own === 'erased') return this.#verdicts.leaveOut()
    const key = own[side]
    const matches = key !== null && (joined.has(key) || alone[side === 'left' ? 'right' : 'left'].has(key))
    if (key !== null) alone[side].add(key)
    this.#verdicts.compare(matches ? 'leaves as unmatched, and another row has its key' : null, who)
  }

  #at(node: number): Join {
    const join: Join = this.#joins.get(node) ?? {
      ...{ keys: new Map(), joined: new Map() },
      alone: { left: new Set(), right: new Set() },
    }
    this.#joins.set(node, join)
    return join
  }
}

function keyOf(
  fields: readonly string[],
  row: { readonly [field: string]: Json },
  by_value: readonly number[],
): string | null {
  const key = fields.map((field, i) => keyValue(row[field] ?? null, by_value.includes(i)))
  return key.includes(null) ? null : canonicalize(key)
}
