/** From what the values of all fields have in common to their types, where values have types already: pure. */
import { counted, grouped } from '../model/number-text.ts'
import { spreadOf } from './describe.ts'
import { shown } from './examples.ts'
import type { FieldFinding } from './finding.ts'
import type { JsonColumn, JsonType } from './json-column.ts'

/** @param rows records in which the field could have been */
export function decideField(column: JsonColumn, rows: number): FieldFinding {
  const types = typesOf(column)
  const optional = column.present < rows || column.nulls > 0
  const scalar = types.length === 1 && types[0] !== 'array' && types[0] !== 'object' && types[0] !== 'number'
  const unique = scalar && rows > 1 && column.values === rows && !column.uniqueness.twice
  return {
    field: column.field,
    types,
    optional,
    unique,
    remarks: [...remarksOf(column, types, unique, rows)],
    doubts: [],
  }
}

const WHOLE: readonly JsonType[] = ['integer', 'big_integer', 'number']

function typesOf({ types, whole }: JsonColumn): readonly JsonType[] {
  const all = [...types.keys()].sort()
  const large = all.includes('big_integer')
  const fractions = (types.get('number')?.count ?? 0) - whole
  if (large && fractions === 0 && all.every(type => WHOLE.includes(type))) return ['big_integer']
  // No schema has it beside others: where there are fractions it is the nearest double, else a text.
  const rest = all.filter(type => type !== 'big_integer')
  if (rest.includes('number')) return rest.filter(type => type !== 'integer')
  return large && !rest.includes('string') ? [...rest, 'string'] : rest
}

function* remarksOf(column: JsonColumn, types: readonly JsonType[], unique: boolean, rows: number): Generator<string> {
  if (unique) {
    const { complete, remembered } = column.uniqueness
    yield complete
      ? 'unique'
      : `unique as far as was compared: with the first ${grouped(remembered)} of ${grouped(rows)}`
  }
  const { finding, misses } = column.dates
  if (types.length === 1 && types[0] === 'string' && misses.count === 0) {
    if (finding.kind === 'pattern') yield `dates, ${finding.iso ? 'ISO 8601' : finding.pattern}`
    if (finding.kind === 'either') yield `dates, ${finding.day_first} or ${finding.month_first}`
  }
  const large = column.types.get('big_integer')
  if (types.length > 1) yield mixedText(column, large === undefined ? types : [...types, 'big_integer'])
  else if (large !== undefined)
    yield types.includes('number')
      ? `some have more digits than a number keeps, ${large.first}`
      : `whole numbers beyond 2^53, ${large.first}`
  const missing = rows - column.present
  if (missing > 0) yield `missing in ${grouped(missing)} of ${grouped(rows)}`
  if (column.nulls > 0 && column.values > 0) yield `null in ${grouped(column.nulls)} of ${grouped(rows)}`
  if (column.values === 0) yield 'always null'
  else if (!types.includes('array') && !types.includes('object'))
    yield* spreadOf({ few: column.few, values: column.values, total: rows, nothings: NOTHINGS })
  const texts = column.types.get('string')?.count ?? 0
  if (texts > 0 && column.numeric_texts === texts)
    yield `numbers, written as texts: ${column.types.get('string')?.first}`
  if (column.padded.count > 0) yield `blanks around ${counted(column.padded.count, 'text')}: ${column.padded.first}`
}

const NOTHINGS = new Map<string, never>()

/** `mixed types: 2,388 integer, 12 string ("x" in line 17)`; with an example of all but the most frequent. */
function mixedText(column: JsonColumn, types: readonly JsonType[]): string {
  const sorted = types
    .flatMap(type => {
      const examples = column.types.get(type)
      return examples === undefined ? [] : [{ type, examples }]
    })
    .sort((one, two) => two.examples.count - one.examples.count)
  const parts = sorted.map(({ type, examples }, index) => {
    const [first] = examples.kept
    const example = index === 0 || first === undefined ? '' : ` (${shown(first.value)} in line ${first.line})`
    return `${grouped(examples.count)} ${type}${example}`
  })
  return `mixed types: ${parts.join(', ')}`
}
