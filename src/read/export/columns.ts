/**
 * Which fields of sources the fields of rows were made of, at each node: what the record shows of it without the plugins.
 *
 * COLUMNS-1. Nothing is guessed. Behind a node of which the record doesn't say what it makes of fields, nothing is known of any.
 * COLUMNS-2. Only fields are listed that sources declare, or that are made of these.
 */
import type { ExpressionText } from '../../format/run-values.ts'
import type { TopologyNode } from '../../format/topology.ts'
import { isObject, type Json } from '../../model/row.ts'
import type { RunFacts } from './facts.ts'

export interface Origin {
  readonly source: string
  readonly field: string
  /** Whether its value is the same. */
  readonly identity: boolean
}

/** By field of the row. */
export type Columns = ReadonlyMap<string, readonly Origin[]>

/** Fields that decide whether rows come to a place, and in which order. */
export interface Influence {
  readonly source: string
  readonly field: string
  readonly by: 'CONDITIONAL' | 'FILTER' | 'SORT'
}

export interface ColumnsAt {
  /** null: not known. */
  readonly columns: Columns | null
  /** Nodes behind which nothing is known. */
  readonly unknown_behind: readonly string[]
  readonly influences: readonly Influence[]
}

/** Plugins that leave rows as they are, or drop them. */
const LEAVING: ReadonlySet<string> = new Set(['passthrough', 'filter', 'keyword_filter', 'sample', 'limit', 'dedupe'])
/** Plugins that change the fields which their option `fields` names. */
const CHANGING: ReadonlySet<string> = new Set(['coerce', 'truncate'])

export class ColumnLineage {
  readonly #facts: Pick<RunFacts, 'topology' | 'inputs' | 'options' | 'expressions'>
  /** By number of the node: what comes to it, and what leaves it. */
  readonly #in = new Map<number, Columns | null>()
  readonly #out = new Map<number, Columns | null>()

  constructor(facts: Pick<RunFacts, 'topology' | 'inputs' | 'options' | 'expressions'>) {
    this.#facts = facts
  }

  /** Of the rows that come to a node. */
  at(name: string): ColumnsAt {
    const number = this.#facts.topology.nodes.findIndex(each => each.name === name) + 1
    return {
      columns: this.#entering(number),
      unknown_behind: [...this.#unknownBehind(number, new Set())],
      influences: this.#influences(this.#before(number)),
    }
  }

  /** Nodes from which rows come to one, in the plan's order. */
  #before(number: number): number[] {
    const before = new Set([number])
    for (const each of before)
      for (const [from, label, to] of this.#facts.topology.edges)
        if (to === each && label !== 'on_invalid') before.add(from)
    before.delete(number)
    return [...before].sort((a, b) => a - b)
  }

  /** Those that make what isn't known of what is known, on the ways to a node to which such rows come. */
  #unknownBehind(number: number, seen: Set<number>, found = new Set<string>()): ReadonlySet<string> {
    if (seen.has(number)) return found
    seen.add(number)
    for (const [from, label, to] of this.#facts.topology.edges) {
      const node = this.#facts.topology.nodes[from - 1]
      if (to !== number || node === undefined || label === 'on_invalid') continue
      const is_error = label === 'on_error'
      if ((is_error ? this.#entering(from) : this.#leaving(from)) !== null) continue
      if (!is_error && (node.kind === 'source' || this.#entering(from) !== null)) found.add(node.name)
      else this.#unknownBehind(from, seen, found)
    }
    return found
  }

  /** Rows of all ways in; those that a source rejected have none of its fields. */
  #entering(number: number): Columns | null {
    const found = this.#in.get(number)
    if (found !== undefined) return found
    let merged: Map<string, readonly Origin[]> | null = new Map()
    for (const [from, label, to] of this.#facts.topology.edges) {
      if (to !== number || label === 'on_invalid') continue
      // By an error a row leaves as it came.
      const columns = label === 'on_error' ? this.#entering(from) : this.#leaving(from)
      if (columns === null) merged = null
      for (const [field, origins] of merged === null ? [] : (columns ?? []))
        merged?.set(field, distinct([...(merged.get(field) ?? []), ...origins]))
    }
    this.#in.set(number, merged)
    return merged
  }

  #leaving(number: number): Columns | null {
    const found = this.#out.get(number)
    if (found !== undefined) return found
    const node = this.#facts.topology.nodes[number - 1]
    const columns = node === undefined ? null : this.#made(number, node)
    this.#out.set(number, columns)
    return columns
  }

  #made(number: number, node: TopologyNode): Columns | null {
    const { inputs, options, expressions } = this.#facts
    if (node.kind === 'source') {
      const fields = inputs.find(({ source }) => source === node.name)?.fields ?? []
      const own = fields.map(({ name: field }) => [field, [{ source: node.name, field, identity: true }]] as const)
      return own.length === 0 ? null : new Map(own)
    }
    const entering = this.#entering(number)
    if (entering === null) return null
    switch (node.kind) {
      case 'gate':
      case 'fork':
      case 'sort':
        return entering
      case 'transform':
      case 'aggregate':
        return transformed(node.plugin ?? '', entering, options[node.name], expressions[node.name] ?? [])
      // How branches and sides are put together isn't on record by itself.
      case 'coalesce':
      case 'join':
      case 'sink':
        return null
    }
  }

  #influences(before: readonly number[]): Influence[] {
    const found = new Map<string, Influence>()
    for (const number of before) {
      const node = this.#facts.topology.nodes[number - 1]
      const columns = node === undefined || node.kind === 'source' ? null : this.#entering(number)
      if (node === undefined || columns === null) continue
      for (const [field, by] of this.#deciding(node))
        for (const { source, field: of } of columns.get(field) ?? [])
          found.set(`${by} ${source} ${of}`, { source, field: of, by })
    }
    return [...found.values()]
  }

  /** Fields by which a node decides, and how. */
  #deciding({
    name,
    kind,
    plugin,
    sort = [],
  }: TopologyNode): ReadonlyArray<readonly [field: string, by: Influence['by']]> {
    const { options, expressions } = this.#facts
    const read = (expressions[name] ?? []).flatMap(({ reads }) => reads.flatMap(([field]) => field ?? []))
    if (kind === 'gate') return read.map(field => [field, 'CONDITIONAL'] as const)
    if (kind === 'sort') return sort.map(({ field }) => [field, 'SORT'] as const)
    if (plugin === 'filter') return read.map(field => [field, 'FILTER'] as const)
    if (plugin === 'keyword_filter') return listIn(options[name], 'fields').map(field => [field, 'FILTER'] as const)
    if (plugin === 'dedupe') return listIn(options[name], 'key').map(field => [field, 'FILTER'] as const)
    return []
  }
}

/** What a plugin makes of fields; null if that isn't known of it. */
function transformed(
  plugin: string,
  columns: Columns,
  options: Json | undefined,
  expressions: readonly ExpressionText[],
): Columns | null {
  if (LEAVING.has(plugin)) return columns
  if (options === undefined || !isObject(options)) return null
  if (CHANGING.has(plugin)) return changed(columns, Object.keys(objectIn(options, 'fields')))
  if (plugin === 'field_mapper') return mapped(columns, options)
  if (plugin === 'compute') return computed(columns, Object.keys(objectIn(options, 'set')), expressions)
  return null
}

function changed(columns: Columns, fields: readonly string[]): Columns {
  const is_changed = new Set(fields)
  return new Map([...columns].map(([field, origins]) => [field, is_changed.has(field) ? made(origins) : origins]))
}

function mapped(columns: Columns, options: Json): Columns {
  const renamed = new Map(Object.entries(objectIn(options, 'rename')).map(([from, to]) => [from, String(to)]))
  const selected = new Set(listIn(options, 'select'))
  const dropped = new Set(listIn(options, 'drop'))
  const stays = (field: string) =>
    !dropped.has(field) && (selected.size === 0 || selected.has(field) || renamed.has(field))
  const kept = [...columns].filter(([field]) => stays(field))
  return new Map(kept.map(([field, origins]) => [renamed.get(field) ?? field, origins]))
}

/** A field whose expression reads what isn't known isn't listed. */
function computed(columns: Columns, fields: readonly string[], expressions: readonly ExpressionText[]): Columns {
  const result = new Map(columns)
  for (const field of fields) {
    const reads = expressions.find(each => each.for === `set.${field}`)?.reads
    const origins = reads === undefined ? null : originsOf(columns, reads)
    if (origins === null) result.delete(field)
    else result.set(field, made(origins))
  }
  return result
}

/** Of all fields that are read; one that reads the row as a whole reads all. */
function originsOf(columns: Columns, reads: ExpressionText['reads']): readonly Origin[] | null {
  const all: Origin[] = []
  for (const [field] of reads) {
    const origins = field === undefined ? [...columns.values()].flat() : columns.get(field)
    if (origins === undefined) return null
    all.push(...origins)
  }
  return distinct(all)
}

const made = (origins: readonly Origin[]): readonly Origin[] =>
  distinct(origins.map(each => ({ ...each, identity: false })))

/** One of each field; if it came unchanged by one way and changed by another, as changed, too. */
function distinct(origins: readonly Origin[]): readonly Origin[] {
  return [...new Map(origins.map(each => [JSON.stringify([each.source, each.field, each.identity]), each])).values()]
}

function objectIn(options: Json, key: string): { readonly [name: string]: Json } {
  const value = isObject(options) ? options[key] : undefined
  return isObject(value) ? value : {}
}

function listIn(options: Json | undefined, key: string): readonly string[] {
  const value = isObject(options) ? options[key] : undefined
  return Array.isArray(value) ? value.filter(each => typeof each === 'string') : []
}
