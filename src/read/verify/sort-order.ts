/**
 * `verify --decisions`: the order in which sorts passed rows on. Each row is held against the last one before it that isn't erased: by the
 * fields of the sort's key, and by the order of arrival where these are equal. Values are compared as they are; the engine compares keys made of
 * bytes (engine/nodes/sort/key.ts).
 */
import { type SubjectEntry, VISIT_OK } from '../../format/entry.ts'
import type { SortKey } from '../../format/topology.ts'
import { canonicalize } from '../../model/canonical.ts'
import { ordinalText } from '../../model/number-text.ts'
import { isRow, type Json } from '../../model/row.ts'
import type { SubjectValues } from '../values.ts'
import type { Verdicts } from './batch-keys.ts'
import { type Place, tokenName } from './check.ts'
import type { TokenState } from './token.ts'
import type { Ways } from './ways.ts'

/** A row that was passed on; `key` is null if it is erased. */
interface Passed {
  readonly key: readonly Json[] | null
  /** Its place among those that came. */
  readonly ordinal: number
  /** For problems. */
  readonly who: string
}

interface Sort {
  readonly keys: readonly SortKey[]
  /** The last one whose key is known. */
  last: (Passed & { readonly key: readonly Json[] }) | null
  /** How many were passed on. */
  place: number
  /** By place: entries of a commit don't stand in the order of the sort. */
  readonly early: Map<number, Passed>
}

export class SortOrder {
  readonly #verdicts: Verdicts
  readonly #sorts = new Map<number, Sort>()

  constructor(verdicts: Verdicts) {
    this.#verdicts = verdicts
  }

  /** An entry whose values are known; `tokens`: as they stood before it. */
  take(
    entry: Pick<SubjectEntry, 'visits' | 'holds' | 'releases'>,
    values: SubjectValues,
    tokens: ReadonlyMap<number, Pick<TokenState, 'ordinal'>>,
    where: Place,
    ways: Ways,
  ): void {
    for (const { token, node, place } of entry.releases) {
      const keys = ways.sort(node)
      if (keys === undefined) continue
      const hold = entry.holds.find(each => each.token === token && each.node === node)
      const visit = entry.visits.find(each => each.token === token && each.node === node && each.status === VISIT_OK)
      const number = visit?.in ?? 0
      const row = values.get(number)
      const key = values.isMissing(number) ? null : keys.map(({ field }) => (isRow(row) ? (row[field] ?? null) : null))
      const ordinal = hold?.ordinal ?? tokens.get(token)?.ordinal ?? 0
      this.#pass(node, keys, place, { key, ordinal, who: `${where}: ${tokenName(token)}` }, ways)
    }
  }

  #pass(node: number, keys: readonly SortKey[], place: number, passed: Passed, ways: Ways): void {
    const sort = this.#sorts.get(node) ?? { keys, last: null, place: 0, early: new Map<number, Passed>() }
    this.#sorts.set(node, sort)
    sort.early.set(place, passed)
    for (let next = sort.early.get(sort.place + 1); next !== undefined; next = sort.early.get(sort.place + 1)) {
      sort.early.delete(++sort.place)
      if (next.key === null) {
        this.#verdicts.leaveOut()
        continue
      }
      this.#compare(sort, { ...next, key: next.key }, ways.name(node))
    }
  }

  #compare(sort: Sort, next: NonNullable<Sort['last']>, name: string): void {
    const { keys, last, place } = sort
    sort.last = next
    const wrong = last !== null && !stands(keys, last.key, last.ordinal, next.key, next.ordinal)
    const problem = `was passed on by ${name} as the ${ordinalText(place)}, and by its key stands before the one that was before it`
    this.#verdicts.compare(wrong ? problem : null, next.who)
  }
}

/** Whether a row stands before another. */
function stands(
  keys: readonly SortKey[],
  one: readonly Json[],
  one_ordinal: number,
  other: readonly Json[],
  other_ordinal: number,
): boolean {
  for (const [i, key] of keys.entries()) {
    const by = compared(key, one[i] ?? null, other[i] ?? null)
    if (by !== 0) return by < 0
  }
  return one_ordinal < other_ordinal
}

/** Below zero: `one` stands first. */
function compared({ order, nulls, as }: SortKey, one: Json, other: Json): number {
  if (one === null || other === null) {
    const by = Number(one === null) - Number(other === null)
    return nulls === 'last' ? by : -by
  }
  const [left, right] = as === 'number' ? [exact(one), exact(other)] : [null, null]
  const rank = (value: Json, exactly: Exact | null) => (exactly === null ? rankOf(value) : NUMBER)
  const alike = left === null || right === null ? comparedAlike(one, other) : byValue(left, right)
  const by = rank(one, left) - rank(other, right) || alike
  return order === 'asc' ? by : -by
}

/** A number, as it stands in a text or as the shortest text that says it: `digits · 10^power`. With a longer exponent a text is none. */
interface Exact {
  readonly digits: bigint
  readonly power: number
}

function exact(value: Json): Exact | null {
  const text = typeof value === 'number' ? String(value) : value
  const found = typeof text === 'string' ? /^(-?\d+)(?:\.(\d+))?(?:e([+-]?\d{1,4}))?$/i.exec(text) : null
  if (found === null) return null
  const [, whole = '', fraction = '', power = '0'] = found
  return { digits: BigInt(whole + fraction), power: Number(power) - fraction.length }
}

function byValue(one: Exact, other: Exact): number {
  const power = Math.min(one.power, other.power)
  const by = one.digits * 10n ** BigInt(one.power - power) - other.digits * 10n ** BigInt(other.power - power)
  return by < 0n ? -1 : Number(by > 0n)
}

const NUMBER = 2

/** Values of different types stand in this order. */
function rankOf(value: Json): number {
  if (Array.isArray(value)) return 4
  return ['boolean', 'number', 'string'].indexOf(typeof value) + 1 || 5
}

function comparedAlike(one: Json, other: Json): number {
  if (typeof one === 'string' && typeof other === 'string') return byCodePoints(one, other)
  if (typeof one === 'object' || typeof other === 'object') return byCodePoints(canonicalize(one), canonicalize(other))
  return Number(one) - Number(other)
}

function byCodePoints(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one, 'utf8'), Buffer.from(other, 'utf8'))
}
