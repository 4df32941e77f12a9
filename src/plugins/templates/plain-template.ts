/**
 * Templates that are texts and fields and nothing else, as most are. LiquidJS takes many times longer for the same; what isn't
 * plainly the same, errors above all, is left to it.
 */
import type { Json, Row } from '../../model/row.ts'

/** Throws to refuse the value; the message is for people. */
export type Escape = (value: Json) => string

interface Output {
  readonly field: string
  /** Written as `row.field`. */
  readonly of_row: boolean
  /** What stands behind it. */
  readonly text: string
}

export interface PlainTemplate {
  /** Null: only LiquidJS can say. */
  fill(row: Row, more: Row): string | null
  /** For a template that is one output: what it is; null as for `fill`. */
  valueOf(row: Row): Json
}

const OUTPUT = /\{\{ *(row\.)?([A-Za-z_][A-Za-z0-9_]*) *\}\}/
/** Names of no field, unless `row.` stands before them. */
const WORDS = new Set(['row', 'true', 'false', 'nil', 'null', 'empty', 'blank'])
/** Longer texts count against what rendering may cost. */
const MOST_LENGTH = 1_000_000

/** `fields`: those that LiquidJS finds in it. Null if it is anything more. */
export function plainTemplate(source: string, fields: readonly string[], escaping: Escape): PlainTemplate | null {
  const [start = '', ...pieces] = source.split(OUTPUT)
  const outputs: Output[] = []
  for (let i = 0; i < pieces.length; i += 3)
    outputs.push({ of_row: pieces[i] !== undefined, field: pieces[i + 1] ?? '', text: pieces[i + 2] ?? '' })
  const texts = [start, ...outputs.map(({ text }) => text)]
  const isText = (text: string, i: number) => !/\{[{%]/.test(text) && (i === outputs.length || !text.endsWith('{'))
  const isField = ({ field, of_row }: Output) => fields.includes(field) && (of_row || !WORDS.has(field))
  if (!texts.every(isText) || !outputs.every(isField)) return null
  return {
    fill(row, more) {
      let filled = start
      for (const { field, of_row, text } of outputs) {
        // A variable besides the fields comes first.
        if (Object.hasOwn(more, of_row ? 'row' : field)) return null
        const value = scalarAt(row, field)
        const escaped = value === null ? null : escapedBy(escaping, value)
        if (escaped === null) return null
        filled += escaped + text
      }
      return filled.length > MOST_LENGTH ? null : filled
    },
    valueOf(row) {
      const [output] = outputs
      const value = output === undefined ? null : scalarAt(row, output.field)
      return value === null || escapedBy(escaping, value) === null ? null : value
    },
  }
}

/** Null for what isn't there, and for all that takes a closer look. */
function scalarAt(row: Row, field: string): string | number | boolean | null {
  const value = Object.hasOwn(row, field) ? row[field] : null
  if (typeof value === 'string') return value.isWellFormed() ? value : null
  return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)) ? value : null
}

/** Null if it is refused: LiquidJS adds where. */
function escapedBy(escaping: Escape, value: Json): string | null {
  try {
    return escaping(value)
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}
