/**
 * The rows of another run in the place of what a source has: a re-run reads these, and no file.
 *
 * A position is `{row, index}`: the row of the other run that was handed out last, and the number of its record there. Rows
 * keep that number, so that the answers on record of the other run are found for them. It has `ended`, too, where that is known:
 * where the file had ended from which the rows once came, for who runs them once more.
 */
import type { RepeatedRow, Repeats } from '../../../format/recording.ts'
import { isObject, isRow, type Json } from '../../../model/row.ts'
import type { SourceNode } from '../../../plan/plan.ts'
import type { ResumePoint, Source, SourceRecord } from '../../../sdk/spec.ts'
import { ERASED } from '../../token/facts.ts'
import { takeRecord } from './chunk.ts'

/** How codes begin that a schema rejects a record with. */
const SCHEMA_CODES = 'SCHEMA_'

export interface RepeatPosition {
  readonly row: number
  readonly index: number
}

/** @throws TypeError if it is the position of another kind of source. */
export function repeatPosition(position: Json): RepeatPosition {
  const { row, index } = isObject(position) ? position : {}
  if (typeof row !== 'number' || typeof index !== 'number') throw new TypeError('not a position of a re-run')
  return { row, index }
}

/** Where the file ended: said by its own source, or passed on by a re-run. */
function fileEnd(position: Json): Json {
  if (typeof position !== 'object' || position === null || !('row' in position)) return position
  return 'ended' in position ? (position.ended ?? null) : null
}

export class RepeatSource implements Source {
  readonly #node: SourceNode
  readonly #repeats: Repeats
  /** The source that the rows came from: it reads texts again that it had rejected. */
  readonly #source: Source
  readonly #ended: Json | null

  constructor(node: SourceNode, repeats: Repeats, source: Source) {
    this.#node = node
    this.#repeats = repeats
    this.#source = source
    this.#ended = fileEnd(repeats.endOf(node.name))
  }

  async *read(from: ResumePoint | null): AsyncGenerator<readonly SourceRecord[]> {
    const after = from === null ? 0 : repeatPosition(from.position).row
    for await (const rows of this.#repeats.rowsOf(this.#node.name, after)) {
      const records: SourceRecord[] = []
      for (const each of rows) records.push(await this.#recordOf(each))
      if (records.length > 0) yield records
    }
  }

  close(): Promise<void> {
    return this.#source.close()
  }

  async #recordOf({ row, index, line, file, record }: RepeatedRow): Promise<SourceRecord> {
    const name = file?.name ?? null
    const read = await this.#again({ row, index, line, file, record })
    return name === null ? read : { ...read, file: name }
  }

  async #again({ row, index, line, file, record }: RepeatedRow): Promise<SourceRecord> {
    const position = this.#ended === null ? { row, index } : { row, index, ended: this.#ended }
    switch (record.kind) {
      case 'row':
        return { kind: 'row', line, row: record.row, position }
      case 'erased':
        return { kind: 'reject', line, raw: null, ...ERASED, position }
      case 'rejected': {
        const { raw, code, message } = record
        // Of a row that only the schema of then refused, the value is the whole record: it is checked against the one of now.
        if (isRow(raw) && code.startsWith(SCHEMA_CODES)) return { kind: 'row', line, row: raw, position }
        const ended = file === null ? this.#ended : file.ended
        const again = await this.#source.reread?.(raw, code, ended, file?.name ?? null)
        if (again === undefined || again === null) return { kind: 'reject', line, raw, code, message, position }
        return takeRecord(this.#node, { ...again, line, position })
      }
    }
  }
}
