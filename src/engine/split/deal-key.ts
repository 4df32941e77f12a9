/**
 * Which split a record is dealt to: by the value of a field, as it is once the source's schema has converted it.
 *
 * DEAL-KEY-1. Records with the same value are in the same split, of whichever source they are: the SHA-256 of its canonical text, as a number,
 *     modulo the number of splits. A missing value is null, which is a value like any other.
 * DEAL-KEY-2. A record whose value can't be known is in split 1: one that can't be read, and one that doesn't fit the schema in this field.
 */
import { canonicalize } from '../../model/canonical.ts'
import { newRow, type Row } from '../../model/row.ts'
import { sha256Hex } from '../../model/sha256.ts'
import type { SourceNode } from '../../plan/plan.ts'
import { compileRowSchema } from '../../sdk/schema-check.ts'
import type { SourceRecord } from '../../sdk/spec.ts'

/** Texts whose splits are remembered, since keys come again. */
const MOST_KNOWN = 20_000
const LONGEST_KNOWN = 100

/** From 1. `text`: canonical. */
export function splitOfText(text: string, splits: number): number {
  const digest = sha256Hex(text)
  let rest = 0
  // 8 hex digits at a time: less than 2^53 as long as there are fewer than 2^21 splits.
  for (let at = 0; at < digest.length; at += 8)
    rest = (rest * 0x1_0000_0000 + Number.parseInt(digest.slice(at, at + 8), 16)) % splits
  return rest + 1
}

/** Of a row's value in the field. */
export function splitOfRow(row: Row, by: string, splits: number): number {
  return splitOfText(keyText(row, by), splits)
}

function keyText(row: Row, by: string): string {
  return canonicalize(Object.hasOwn(row, by) ? (row[by] ?? null) : null)
}

/** Gives the split of each record of a source. */
export function dealer(node: SourceNode, by: string, splits: number): (record: SourceRecord) => number {
  const field = node.schema.fields.get(by)
  const { textual } = node.plugin.spec
  // Of this field alone: what is wrong with others says nothing of the key.
  const check = compileRowSchema(
    { fields: new Map(field === undefined ? [] : [[by, field]]), closed: false, observed: false },
    { textual },
  )
  const known = new Map<string, number>()
  return record => {
    if (record.kind === 'reject') return 1
    const own = newRow()
    const value = record.row[by]
    if (Object.hasOwn(record.row, by) && value !== undefined) own[by] = value
    const checked = check(own)
    if (!checked.ok) return 1
    const text = keyText(checked.row, by)
    let split = known.get(text)
    if (split !== undefined) return split
    split = splitOfText(text, splits)
    if (known.size >= MOST_KNOWN) known.clear()
    if (text.length <= LONGEST_KNOWN) known.set(text, split)
    return split
  }
}
