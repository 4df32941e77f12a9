/** What an aggregate makes of its members, for the interpreter. */
import type { AggregateModel } from './model.ts'
import { keyValue, statisticsOf } from './naive-decimals.ts'
import { type Data, textOf } from './naive-rows.ts'
import { number } from './naive-rules.ts'
import type { Instance } from './naive-state.ts'

interface Batch {
  /** Which of its aggregate's, from 0. */
  readonly nth: number
  readonly members: Instance[]
}

/** The open batches of all aggregates, by key, those of each in the order of their first rows. */
export class NaiveBatches {
  readonly #open = new Map<string, Map<string, Batch>>()
  /** By aggregate: how many batches it has opened. */
  readonly #opened = new Map<string, number>()

  keysAt({ name }: AggregateModel): readonly string[] {
    return [...(this.#open.get(name)?.keys() ?? [])]
  }

  /** The key of the batch that the row is in now, with its members; null if that would be one batch too many. */
  gather(node: AggregateModel, row: Instance): { readonly key: string; readonly members: readonly Instance[] } | null {
    const { name, per } = node
    const batches = this.#open.get(name) ?? new Map<string, Batch>()
    this.#open.set(name, batches)
    const key = textOf((per?.fields ?? []).map(field => keyValue(field, row.data[field] ?? null)))
    if (!batches.has(key)) {
      if (per !== undefined && batches.size >= per.max_open) return null
      const nth = this.#opened.get(name) ?? 0
      this.#opened.set(name, nth + 1)
      batches.set(key, { nth, members: [] })
    }
    const members = batches.get(key)?.members ?? []
    members.push(row)
    return { key, members }
  }

  close({ name }: AggregateModel, key: string): Batch {
    const batch = this.#open.get(name)?.get(key)
    if (batch === undefined) throw new Error(`${name} has no open batch of ${key}`)
    this.#open.get(name)?.delete(key)
    return batch
  }
}

/** What new rows a batch gives whose members don't continue. */
export function rowsOf({ operation, per }: AggregateModel, members: readonly Instance[], sum: number): Data[] {
  const keyed = (own: Data): Data => {
    const lacking = (per?.fields ?? []).filter(field => !(field in own))
    return { ...Object.fromEntries(lacking.map(field => [field, members[0]?.data[field] ?? null])), ...own }
  }
  if (operation === 'sum') return [keyed({ n: sum, ids: members.map(each => each.data.id ?? null) })]
  if (operation === 'amounts')
    return [
      keyed(
        statisticsOf(
          members.map(each => each.data),
          sum,
        ),
      ),
    ]
  return operation === 'each' ? members.map(each => keyed({ n: number(each.data) + 1 })) : []
}

/** What is said of a row that would open one batch too many. */
export function tooManyOpen({ name, per }: AggregateModel): string {
  const most = (per?.max_open ?? 0).toLocaleString('en')
  return `\`${name}\` has ${most} ${per?.max_open === 1 ? 'batch' : 'batches'} open, as many as max_open allows, and none for this row’s key: let its trigger close them earlier, or raise max_open`
}
