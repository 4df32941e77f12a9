/** How the values of a column are taken, however they are nested: lists, groups and maps. */
import type { SchemaTree } from 'hyparquet'
import { type Json, newRow } from '../../model/row.ts'
import { type LeafRules, leafValue, type TakeValue } from './leaf-values.ts'

/** @param node of the schema as it stands in the file */
export function takeValue(node: SchemaTree, rules: LeafRules): TakeValue {
  const one = oneValue(node, rules)
  if (node.element.repetition_type !== 'REPEATED') return one
  return value => (Array.isArray(value) ? value.map(one) : [one(value)])
}

function oneValue(node: SchemaTree, rules: LeafRules): TakeValue {
  const { element, children } = node
  if (children.length === 0) return leafOf(leafValue(element, rules))
  const take = groupValue(node, rules)
  return value => (value === null || value === undefined ? null : take(value))
}

/** The library gives nothing at all for what is at a place that its dictionary doesn’t have. */
function leafOf(take: TakeValue): TakeValue {
  return value => {
    if (value === undefined) throw new Error('a value isn’t in the dictionary of its column')
    return value === null ? null : take(value)
  }
}

function groupValue({ element, children }: SchemaTree, rules: LeafRules): TakeValue {
  const [only] = children
  const repeated = only !== undefined && children.length === 1 && only.element.repetition_type === 'REPEATED'
  if (repeated && element.converted_type === 'LIST' && only.children.length <= 1) {
    const item = only.children[0] === undefined ? oneValue(only, rules) : oneValue(only.children[0], rules)
    // cast: the schema says what the reader gives
    return value => (value as readonly unknown[]).map(item)
  }
  if (repeated && element.converted_type === 'MAP' && only.children.length === 2) {
    const of = only.children.find(child => child.element.name === 'value') ?? only
    const take = oneValue(of, rules)
    // cast: the schema says what the reader gives
    return value => fieldsOf(Object.keys(value as object), () => take, value as Fields)
  }
  const by_name = new Map(children.map(child => [child.element.name, takeValue(child, rules)]))
  // cast: the schema says what the reader gives
  return value => fieldsOf([...by_name.keys()], name => by_name.get(name), value as Fields)
}

interface Fields {
  readonly [name: string]: unknown
}

function fieldsOf(names: readonly string[], takeOf: (name: string) => TakeValue | undefined, value: Fields): Json {
  const row = newRow()
  for (const name of names) row[name] = takeOf(name)?.(value[name]) ?? null
  return row
}
