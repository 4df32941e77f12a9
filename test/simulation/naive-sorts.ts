/** What sorts hold, for the interpreter, and in what order it continues. */
import type { SortModel } from './model.ts'
import { comparedAmounts } from './naive-decimals.ts'
import { textOf } from './naive-rows.ts'
import type { Instance } from './naive-state.ts'

export class NaiveSorts {
  readonly #held = new Map<string, Instance[]>()

  hold({ name }: SortModel, instance: Instance): void {
    this.#held.set(name, [...(this.#held.get(name) ?? []), instance])
  }

  /** All that it holds, in order. */
  release({ name, keys }: SortModel): readonly Instance[] {
    const held = this.#held.get(name) ?? []
    this.#held.delete(name)
    return held.toSorted((a, b) => {
      for (const key of keys) {
        const by = compare(key, a.data[key.field] ?? null, b.data[key.field] ?? null)
        if (by !== 0) return by
      }
      return 0
    })
  }
}

const TYPES = ['boolean', 'number', 'string', 'list', 'map']

function compare({ order, nulls, as }: SortModel['keys'][number], a: unknown, b: unknown): number {
  if (a === null && b === null) return 0
  if (a === null) return nulls === 'first' ? -1 : 1
  if (b === null) return nulls === 'first' ? 1 : -1
  const by_value = as === 'number' ? comparedAmounts(a, b) : undefined
  const by = by_value ?? (TYPES.indexOf(typeOf(a)) - TYPES.indexOf(typeOf(b)) || compareAlike(a, b))
  return order === 'desc' ? -by : by
}

function typeOf(value: unknown): string {
  if (typeof value !== 'object') return typeof value
  return Array.isArray(value) ? 'list' : 'map'
}

function compareAlike(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'boolean') return Number(a) - Number(b)
  const points = (value: unknown) =>
    Array.from(typeof value === 'string' ? value : textOf(value), each => each.codePointAt(0) ?? 0)
  const [left, right] = [points(a), points(b)]
  const at = left.findIndex((each, i) => each !== right[i])
  if (at === -1) return left.length - right.length
  return (left[at] ?? -1) - (right[at] ?? -1)
}
