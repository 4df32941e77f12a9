/** The tables of docs/pipeline-file.md and docs/testing-pipelines.md, from the formats that the checkers of these files read. */
import { z } from 'zod'
import { aboutPart, inner, isRequired, type Part, wordsOf } from '../../src/config/part.ts'
import { code, table } from './markdown.ts'

/** All objects that a file of this format has, by what they are: `a source`, `retry`. */
export function objectsOf(whole: Part): ReadonlyMap<string, z.ZodObject> {
  const found = new Map<string, z.ZodObject>()
  const add = (part: Part): void => {
    const own = inner(part)
    if (own instanceof z.ZodObject) {
      // That of the pipeline itself, which has the defaults, comes after those of its nodes.
      const { what } = wordsOf(own)
      if (what !== undefined) found.set(what, own)
    }
    for (const each of partsOf(own)) add(each)
  }
  add(whole)
  return found
}

function partsOf(part: Part): readonly Part[] {
  if (wordsOf(part).explain !== undefined) return []
  if (part instanceof z.ZodObject) return Object.values(part.shape)
  if (part instanceof z.ZodUnion) return part.options
  if (part instanceof z.ZodMap) return [part.valueType]
  return part instanceof z.ZodArray ? [part.element] : []
}

export function keysTable(object: z.ZodObject): string {
  return table(
    ['key', 'value', 'default', 'meaning'],
    Object.entries(object.shape).map(([key, part]) => {
      const { description = '', default: fallback } = aboutPart(part)
      const by_default = fallback === undefined ? '' : code(String(fallback))
      return [code(key), valueText(part), isRequired(part) ? '**required**' : by_default, description]
    }),
  )
}

function valueText(part: Part): string {
  const { what, item, docs } = wordsOf(part)
  const parts = partsOf(inner(part))
  if (docs !== undefined) return docs
  if (what !== undefined) return what
  const values = parts.map(valueText).join('; or ')
  if (item === undefined) return values
  return inner(part) instanceof z.ZodArray ? `list: ${values}` : `map: ${item} → ${values}`
}
