/** Texts with places for fields: `{name}`. A doubled brace stands for a brace. */
import { canonicalize } from '../../model/canonical.ts'
import type { Json, Row } from '../../model/row.ts'

export interface Template {
  /** In the order of their first place. */
  readonly fields: readonly string[]
  fill(row: Row, missing: string): string
}

export interface TemplateProblem {
  /** One sentence without a full stop at the end. */
  readonly problem: string
}

/** A doubled brace, a place, or a brace that is neither. */
const TOKENS = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g

/** Spaces around a name don't count. */
export function parseTemplate(source: string): Template | TemplateProblem {
  const texts: string[] = []
  const names: string[] = []
  let text = ''
  let end = 0
  for (const token of source.matchAll(TOKENS)) {
    const [whole, inner] = token
    text += source.slice(end, token.index)
    end = token.index + whole.length
    if (whole === '{{' || whole === '}}') text += whole[0]
    else if (inner === undefined)
      return { problem: `there is a lone ${whole} after ${JSON.stringify(shown(source, token.index))}` }
    else if (inner.trim() === '') return { problem: 'a place in braces doesn’t name a field' }
    else {
      names.push(inner.trim())
      texts.push(text)
      text = ''
    }
  }
  const last = text + source.slice(end)
  const fill = (row: Row, missing: string) => {
    let filled = ''
    for (let i = 0; i < names.length; i++) filled += texts[i]! + valueText(row[names[i]!], missing)
    return filled + last
  }
  return { fields: [...new Set(names)], fill }
}

const shown = (source: string, end: number) => source.slice(Math.max(0, end - 20), end)

/** Texts as they are, null and missing as `missing` says, everything else as JSON. */
export function valueText(value: Json | undefined, missing: string): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? missing : canonicalize(value)
}
