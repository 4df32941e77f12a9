/** What joins hold, and what becomes of it, for the interpreter. */
import type { JoinModel } from './model.ts'
import { keyValue } from './naive-decimals.ts'
import { type Data, textOf } from './naive-rows.ts'
import type { Instance } from './naive-state.ts'

type Side = 'left' | 'right'

/** What happens to the rows of a join at the end, one after another. */
export type Joined =
  | { readonly kind: 'unmatched'; readonly side: Side; readonly row: Instance }
  | { readonly kind: 'matched'; readonly left: Instance; readonly rights: readonly Instance[] }
  | { readonly kind: 'too_many'; readonly left: Instance }

export class NaiveJoins {
  readonly #held = new Map<string, { readonly side: Side; readonly row: Instance }[]>()

  hold({ name }: JoinModel, side: Side, row: Instance): void {
    const held = this.#held.get(name) ?? []
    this.#held.set(name, [...held, { side, row }])
  }

  /** Each left row with all right rows that have its key; then those right rows that nothing was joined with. */
  *end({ name, keys, max_matches }: JoinModel): Iterable<Joined> {
    const of = (side: Side) => (this.#held.get(name) ?? []).filter(each => each.side === side).map(({ row }) => row)
    const rights = of('right')
    const matched = new Set<Instance>()
    for (const left of of('left')) {
      const key = keyOf(keys.left, left.data)
      const own = key === null ? [] : rights.filter(right => keyOf(keys.right, right.data) === key)
      if (own.length === 0) yield { kind: 'unmatched', side: 'left', row: left }
      else if (own.length > max_matches) yield { kind: 'too_many', left }
      else {
        yield { kind: 'matched', left, rights: own }
        for (const right of own) matched.add(right)
      }
    }
    for (const right of rights) if (!matched.has(right)) yield { kind: 'unmatched', side: 'right', row: right }
  }
}

function keyOf(fields: readonly string[], data: Data): string | null {
  const values = fields.map(field => keyValue(field, data[field]))
  return values.some(value => value === undefined || value === null) ? null : textOf(values)
}

/** What a pair becomes. */
export function pairOf({ merge }: JoinModel, left: Data, right: Data): Data {
  if (merge === 'nested') return { left, right }
  return { ...left, ...Object.fromEntries(Object.entries(right).filter(([field]) => !(field in left))) }
}

/** What is said of a left row that more rows match than may. */
export function tooManyMatches({ name, max_matches }: JoinModel): string {
  const most = max_matches === 1 ? '1 match' : `${max_matches.toLocaleString('en')} matches`
  return `it has more than ${most} at \`${name}\`, as many as max_matches allows`
}
