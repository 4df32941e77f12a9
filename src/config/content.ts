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

export interface Content {
  readonly content: PipelineContent
  readonly issues: readonly Issue[]
}

export function readContent(root: Tree): Content {
  const { value, issues } = understood(PIPELINE, inputOf(root, PIPELINE))
  for (const path of unknownPaths(root)) replace(value, PIPELINE, path)
  // All that was wrong has been replaced: it is what the format says.
  return { content: value as PipelineContent, issues }
}

/** What an issue says itself; the value can stay as it is then. */
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

const MAPS = [z.ZodObject, z.ZodRecord, z.ZodCustom]

/** Whether what is there can stay: of the right type, though it isn't as it should be. */
function isFine(part: Part | null, value: unknown): boolean {
  if (part instanceof z.ZodString) return typeof value === 'string'
  if (part instanceof z.ZodArray) return Array.isArray(value)
  return MAPS.some(each => part instanceof each) && isMap(value)
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
  for (const [index, step] of path.entries()) {
    part = part === null ? null : below(part, holder, step)
    if (part === null || typeof holder !== 'object' || holder === null) return
    // Maps and lists alike; what zod made is ours to change.
    const parts = holder as { [step: string | number]: unknown }
    if (index < path.length - 1) holder = parts[step]
    else if (!may_stay(chosen(part, parts[step]), parts[step])) {
      const instead = Array.isArray(holder) && part instanceof z.ZodString ? undefined : standIn(part)
      // A text in a list leaves a hole. Of a node nobody may be able to tell what it is; a case must keep its number.
      const unclear = part instanceof Picked && part.kinds.length > 0 && !Array.isArray(holder)
      if (instead === undefined || unclear) delete parts[step]
      else parts[step] = instead
    }
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
  return own instanceof z.ZodObject || own instanceof z.ZodRecord ? understood(own, {}).value : undefined
}

/** What stands in a tree, for zod: what needs nothing and is empty is an empty map or list; variables bring numbers. */
export function inputOf(tree: Tree, part: Part | null): unknown {
  const own = part === null ? {} : wordsOf(part)
  if (tree.kind === 'scalar') {
    if (own.empty && isEmpty(tree)) return part !== null && inner(part) instanceof z.ZodArray ? [] : newRow()
    return own.numeric && typeof tree.typed === 'number' ? tree.typed : tree.value
  }
  if (part === null || own.explain !== undefined) return toJson(tree)
  // Only where it may be several things does it matter what stands there.
  const json = inner(part) instanceof Picked ? toJson(tree) : null
  if (tree.kind === 'list') return tree.items.map((each, index) => inputOf(each, below(part, json, index)))
  const map: { [key: string]: unknown } = newRow()
  for (const [key, { value }] of tree.entries) map[key] = inputOf(value, below(part, json, key))
  return map
}

/** Where values stand that aren't known (a variable isn't set, say), which has been told. */
function unknownPaths(tree: Tree, path: ConfigPath = []): ConfigPath[] {
  if (tree.kind === 'scalar') return tree.unset === true ? [path] : []
  if (tree.kind === 'list') return tree.items.flatMap((each, index) => unknownPaths(each, [...path, index]))
  return [...tree.entries.values()].flatMap(({ key, value }) => unknownPaths(value, [...path, key]))
}
