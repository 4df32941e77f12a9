/**
 * A Parquet file made from rows that are staged as JSON lines. They are read twice: for the types of columns, then for the values.
 *
 * MADE-PARQUET-1. The same lines make the same bytes: where row groups end depends on rows and their texts alone.
 */

import { parseJson } from '../../model/json.ts'
import type { Json, Row } from '../../model/row.ts'
import type { FieldSchema } from '../../model/schema.ts'
import { type ColumnType, declaredType, elementsOf, joined, storedValue, typeOf } from './column-types.ts'
import { GroupWriter, loadWriter, type ParquetCodec } from './group-writer.ts'

export interface ParquetLayout {
  /** Columns that are there in any case, in their order; others follow as they come. */
  readonly columns: readonly string[]
  readonly fields: ReadonlyMap<string, FieldSchema>
  readonly codec: ParquetCodec
  readonly group_rows: number
}

/** Of the texts of a row group’s rows: a group of large rows has fewer. */
const GROUP_BYTES = 64 * 1024 * 1024

export async function* madeParquet(
  staged: () => AsyncIterable<Buffer>,
  { columns, fields, codec, group_rows }: ParquetLayout,
): AsyncGenerator<Buffer> {
  const types = new Map<string, ColumnType>(columns.map(name => [name, { kind: 'nothing' }]))
  for await (const { row } of rowsIn(staged())) addTypes(row, types, fields)
  const all = [...types].map(([name, type]) => ({
    name,
    type: type.kind === 'nothing' ? declaredType(fields.get(name)?.schema) : type,
  }))
  const writer = GroupWriter.of(
    await loadWriter(),
    all.map(({ name, type }) => ({ name, elements: elementsOf(name, type) })),
    codec,
  )
  let rows: Row[] = []
  let bytes = 0
  const group = () => {
    const some = rows
    rows = []
    bytes = 0
    return writer.group(some.length, i => {
      const column = all[i]
      return column === undefined ? [] : some.map(row => storedValue(row[column.name], column.type))
    })
  }
  for await (const { row, length } of rowsIn(staged())) {
    rows.push(row)
    bytes += length
    if (rows.length === group_rows || bytes >= GROUP_BYTES) yield group()
  }
  if (rows.length > 0) yield group()
  yield writer.end()
}

function addTypes(row: Row, types: Map<string, ColumnType>, fields: ReadonlyMap<string, FieldSchema>): void {
  for (const name in row) {
    // cast: own fields are there
    const type = typeOf(row[name] as Json, fields.get(name)?.schema)
    const known = types.get(name)
    types.set(name, known === undefined ? type : joined(known, type))
  }
}

async function* rowsIn(pieces: AsyncIterable<Buffer>): AsyncGenerator<{ readonly row: Row; readonly length: number }> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const piece of pieces) {
    const lines: Buffer = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    let from = 0
    for (let end = lines.indexOf('\n', from); end >= 0; end = lines.indexOf('\n', from)) {
      // cast: a row is what this program has staged
      yield { row: parseJson(lines.toString('utf8', from, end)) as Row, length: end - from }
      from = end + 1
    }
    rest = lines.subarray(from)
  }
}
