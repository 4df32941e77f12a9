/**
 * The content of a pipeline file as a tree in which each part knows where it stands.
 * Aliases share a subtree, so a tree must never be changed in place.
 */
import type { Json, MutableRow } from '../model/row.ts'
import { newRow } from '../model/row.ts'
import { offsetsOf } from './align.ts'
import type { Place, Span } from './source-text.ts'

/** A path into the file: keys and list positions; in a list of texts a text is the first item that is it. */
export type ConfigPath = readonly (string | number)[]

export type ScalarStyle = 'plain' | 'single' | 'double' | 'block'

export interface ScalarTree {
  readonly kind: 'scalar'
  readonly at: Place
  readonly style: ScalarStyle
  readonly value: string | number | boolean | null
  /** For an unquoted text in which variables were expanded: how YAML would read the result. */
  readonly typed?: string | number | boolean | null
  /** The value isn't known (a variable isn't set, a number can't be held), which has been reported. */
  readonly unset?: true
  /** Where variables were expanded: the text before. */
  readonly unexpanded?: { readonly text: string; readonly origins: readonly number[] }
}
export interface ListTree {
  readonly kind: 'list'
  readonly at: Place
  readonly items: readonly Tree[]
}
export interface MapEntry {
  readonly key: string
  readonly key_at: Place
  readonly value: Tree
}
export interface MapTree {
  readonly kind: 'map'
  readonly at: Place
  readonly entries: ReadonlyMap<string, MapEntry>
}
export type Tree = ScalarTree | ListTree | MapTree

export function entryOf(tree: Tree | undefined, key: string): MapEntry | undefined {
  return tree?.kind === 'map' ? tree.entries.get(key) : undefined
}

export function valueAt(tree: Tree | undefined, key: string): Tree | undefined {
  return entryOf(tree, key)?.value
}

/** None where there is no map. */
export function keysOf(tree: Tree | undefined): readonly string[] {
  return tree?.kind === 'map' ? [...tree.entries.keys()] : []
}

/** `{secret: NAME}`: the name, else null. */
export function secretName(tree: Tree): string | null {
  if (tree.kind !== 'map' || tree.entries.size !== 1) return null
  const value = valueAt(tree, 'secret')
  return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : null
}

export function isEmpty(tree: Tree): boolean {
  return tree.kind === 'scalar' && tree.value === null && !tree.unset
}

/** Whether every value in it is known. */
export function isKnown(tree: Tree): boolean {
  if (tree.kind === 'scalar') return tree.unset !== true
  return tree.kind === 'list'
    ? tree.items.every(isKnown)
    : [...tree.entries.values()].every(each => isKnown(each.value))
}

/** The content without places; objects are free of prototypes. */
export function toJson(tree: Tree): Json {
  if (tree.kind === 'scalar') return tree.value
  if (tree.kind === 'list') return tree.items.map(toJson)
  const object: MutableRow = newRow()
  for (const [key, entry] of tree.entries) object[key] = toJson(entry.value)
  return object
}

/** One step down: a key of a map, a position of a list, or, in a list of texts, the first item with that text. */
function stepInto(tree: Tree, step: string | number): { readonly key_at: Place; readonly value: Tree } | undefined {
  if (tree.kind === 'map') return tree.entries.get(String(step))
  if (tree.kind === 'scalar') return undefined
  const item =
    typeof step === 'number' ? tree.items[step] : tree.items.find(each => each.kind === 'scalar' && each.value === step)
  return item === undefined ? undefined : { key_at: item.at, value: item }
}

/** The part at `path`, if it is there. */
export function treeAt(root: Tree, path: ConfigPath): Tree | undefined {
  let tree: Tree | undefined = root
  for (const step of path) tree = tree === undefined ? undefined : stepInto(tree, step)?.value
  return tree
}

/** Where the value at `path` stands, or its key; where the path ends early, the last key that is there. */
export function locateIn(
  root: Tree,
  path: ConfigPath,
  part: 'key' | 'value',
  within?: { readonly offset: number; readonly length: number },
): Span & { readonly file: string } {
  let tree = root
  let key_at: Place | null = null
  for (const step of path) {
    const found = stepInto(tree, step)
    if (found === undefined) return spanOf(key_at ?? startOf(tree.at))
    key_at = found.key_at
    tree = found.value
  }
  if (part === 'key') return spanOf(key_at ?? tree.at)
  if (within === undefined || tree.kind !== 'scalar') return spanOf(tree.at)
  return spanOf(placeWithin(tree, within))
}

export function spanOf(at: Place): Span & { readonly file: string } {
  return { ...at.source.span(at.start, at.end), file: at.source.name }
}

const startOf = (at: Place): Place => ({ ...at, end: at.start + 1 })

/** The place of a part of a text value, through quotes, folding and expanded variables. */
function placeWithin(scalar: ScalarTree, within: { readonly offset: number; readonly length: number }): Place {
  const origins = scalar.unexpanded?.origins
  const through = (offset: number) => (origins === undefined ? offset : (origins[offset] ?? origins.at(-1) ?? 0))
  const text = scalar.unexpanded?.text ?? String(scalar.value)
  const offsets = offsetsOf(scalar.at, scalar.style, text)
  const place = (offset: number) => offsets[Math.max(0, Math.min(through(offset), text.length))] as number
  const start = place(within.offset)
  const end = within.length === 0 ? start : place(within.offset + within.length - 1) + 1
  return { source: scalar.at.source, start, end: Math.max(end, start + 1) }
}
