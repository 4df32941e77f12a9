/**
 * A tree as the format's typed content. What is wrong in it becomes an issue at its path, and something harmless stands
 * in its place, so that the rest of the file can still be looked at: `''` for a text, nothing for what may be left out.
 */
import { z } from 'zod'
import { newRow } from '../model/row.ts'
import { PIPELINE, type PipelineContent } from './format.ts'
import { below, chosen, inner, isRequired, type Part, type Refusal, wordsOf } from './part.ts'
import { isMap, Picked } from './picked.ts'
import { type ConfigPath, isEmpty, type Tree, toJson } from './tree.ts'

export type Issue = z.core.$ZodRawIssue

export interface Content<T = PipelineContent> {
  readonly content: T
  readonly issues: readonly Issue[]
}

/** Of a pipeline file. */
export function readContent(root: Tree): Content {
  return contentOf(root, PIPELINE)
}

/** Of a file whose format is `part`. */
export function contentOf<P extends z.ZodType>(root: Tree, part: P): Content<z.output<P>> {
  const { value, issues } = understood(part, inputOf(root, part))
  for (const path of unknownPaths(root)) replace(value, part, path)
  // cast: all that was wrong has been replaced, so it fits the format.
  return { content: value as z.output<P>, issues }
}

/** Issues with words of their own; the value can stay as it is then. */
export const refusalOf = (issue: Issue): Refusal | null =>
  issue.code === 'custom' ? ((issue.params?.refusal as Refusal | undefined) ?? null) : null

/** Keys of YAML are texts, positions in a list numbers. */
export const pathOf = ({ path = [] }: Issue): ConfigPath => path.map(step => (typeof step === 'symbol' ? '' : step))

/** The value of a part with all its issues; `safeParse` has no value if there are any. */
function understood(part: Part, input: unknown): { readonly value: unknown; readonly issues: readonly Issue[] } {
  const result = part._zod.run({ value: input, issues: [] }, { async: false, jitless: true })
  if (result instanceof Promise) throw new z.core.$ZodAsyncError()
  for (const issue of result.issues) if (refusalOf(issue) === null) replace(result.value, part, pathOf(issue), isFine)
  return result
}

/** Whether what is there can stay: of the right type, though it isn't as it should be. */
function isFine(part: Part | null, value: unknown): boolean {
  if (part instanceof z.ZodString) return typeof value === 'string'
  if (part instanceof z.ZodArray) return Array.isArray(value)
  if (part instanceof z.ZodMap) return value instanceof Map
  return (part instanceof z.ZodObject || part instanceof z.ZodCustom) && isMap(value)
}

/** Puts the stand-in of a part into its place. */
function replace(
  value: unknown,
  whole: Part,
  path: ConfigPath,
  may_stay: (part: Part | null, value: unknown) => boolean = () => false,
): void {
  let part: Part | null = whole
  let holder = value
  for (const step of path.slice(0, -1)) {
    part = part === null ? null : below(part, holder, step)
    holder = partsOf(holder)?.get(step)
  }
  const step = path.at(-1)
  const parts = partsOf(holder)
  part = part === null || step === undefined ? null : below(part, holder, step)
  if (part === null || step === undefined || parts === null) return
  const before = parts.get(step)
  if (may_stay(chosen(part, before), before)) return
  const in_list = Array.isArray(holder)
  const instead = in_list && part instanceof z.ZodString ? undefined : standIn(part)
  // A text in a list leaves a hole. What a node is may not be clear; a case must keep its number.
  if (instead === undefined || (part instanceof Picked && part.kinds.length > 0 && !in_list)) parts.delete(step)
  else parts.set(step, instead)
}

/** What zod made is ours to change: an object or a list is changed like a map. */
function partsOf(holder: unknown): {
  readonly get: (step: string | number) => unknown
  readonly set: (step: string | number, value: unknown) => unknown
  readonly delete: (step: string | number) => boolean
} | null {
  if (holder instanceof Map) return holder
  if (typeof holder !== 'object' || holder === null) return null
  return {
    get: step => Reflect.get(holder, step),
    set: (step, value) => Reflect.set(holder, step, value),
    delete: step => Reflect.deleteProperty(holder, step),
  }
}

function standIn(part: Part): unknown {
  const own = inner(part)
  const { instead } = wordsOf(part)
  if (instead !== undefined) return instead
  if (!isRequired(part)) return understood(part, undefined).value
  if (own instanceof z.ZodString) return ''
  if (own instanceof z.ZodArray) return []
  if (own instanceof Picked) return standIn(own.options[0] as Part)
  if (own instanceof z.ZodMap) return new Map()
  return own instanceof z.ZodObject ? understood(own, {}).value : undefined
}

/** What stands in a tree, for zod: what needs nothing and is empty is an empty map or list; variables bring numbers. */
export function inputOf(tree: Tree, part: Part | null): unknown {
  const { empty, numeric, explain } = part === null ? {} : wordsOf(part)
  // Only where it may be several things does it matter what stands there.
  const own = part === null ? null : chosen(part, inner(part) instanceof Picked ? toJson(tree) : null)
  if (tree.kind === 'scalar') {
    if (empty && isEmpty(tree)) return own instanceof z.ZodArray ? [] : own instanceof z.ZodMap ? new Map() : newRow()
    return numeric && typeof tree.typed === 'number' ? tree.typed : tree.value
  }
  if (own === null || explain !== undefined) return toJson(tree)
  if (tree.kind === 'list') return tree.items.map((each, index) => inputOf(each, below(own, null, index)))
  const entries = [...tree.entries.values()].map(
    ({ key, value }) => [key, inputOf(value, below(own, null, key))] as const,
  )
  if (own instanceof z.ZodMap) return new Map(entries)
  const object: { [key: string]: unknown } = newRow()
  for (const [key, value] of entries) object[key] = value
  return object
}

/** Where values stand that aren't known (a variable isn't set, say), which has been reported. */
function unknownPaths(tree: Tree, path: ConfigPath = []): ConfigPath[] {
  if (tree.kind === 'scalar') return tree.unset === true ? [path] : []
  if (tree.kind === 'list') return tree.items.flatMap((each, index) => unknownPaths(each, [...path, index]))
  return [...tree.entries.values()].flatMap(({ key, value }) => unknownPaths(value, [...path, key]))
}
