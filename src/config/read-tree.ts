/**
 * Values out of a tree that the checker has seen. What is missing or wrong has been told; here it becomes null, so that
 * the rest of the file can still be looked at.
 */
import { parseDuration } from '../model/duration.ts'
import type { MutableRow } from '../model/row.ts'
import { newRow } from '../model/row.ts'
import { numberOf } from './check.ts'
import type { Threshold } from './pipeline.ts'
import { parseThreshold } from './threshold.ts'
import { type Tree, toJson, valueAt } from './tree.ts'

export function textAt(tree: Tree | undefined, key: string): string | null {
  return asText(valueAt(tree, key))
}

export function asText(tree: Tree | undefined): string | null {
  if (tree?.kind !== 'scalar' || typeof tree.value !== 'string' || tree.unset) return null
  return tree.value
}

/** A text whose surrounding blanks (of a block scalar, say) mean nothing: a name or a target; `''` if there is none. */
export function nameAt(tree: Tree | undefined, key: string): string {
  return textAt(tree, key)?.trim() ?? ''
}

export function numberAt(tree: Tree | undefined, key: string): number | null {
  const value = valueAt(tree, key)
  return value?.kind === 'scalar' && !value.unset ? numberOf(value) : null
}

export function durationAt(tree: Tree | undefined, key: string): number | null {
  const text = textAt(tree, key)
  return text === null ? null : parseDuration(text.trim())
}

/** null: it isn't there, or wrong, which has been told. */
export function thresholdAt(tree: Tree | undefined, key: string): Threshold | null {
  const value = valueAt(tree, key)
  if (value?.kind !== 'scalar' || value.unset) return null
  const number = numberOf(value)
  if (number !== null) return parseThreshold(number)
  return typeof value.value === 'string' ? parseThreshold(value.value) : null
}

export function choiceAt<const T extends string>(tree: Tree | undefined, key: string, allowed: readonly T[]): T | null {
  const text = textAt(tree, key)
  return allowed.find(each => each === text) ?? null
}

export function textsOf(tree: Tree | undefined): readonly string[] {
  if (tree?.kind !== 'list') return []
  return tree.items.map(asText).filter(text => text !== null)
}

/** The options of a plugin, without prototypes; an empty object if there are none. */
export function optionsAt(tree: Tree | undefined): { readonly [key: string]: unknown } {
  const value = valueAt(tree, 'options')
  return value?.kind === 'map' ? (toJson(value) as MutableRow) : newRow()
}
