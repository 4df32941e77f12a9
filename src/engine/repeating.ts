/**
 * The rows of another run in the place of what a source has: a re-run reads these, and no file.
 *
 * A position is `{row, index}`: the row of the other run that was handed out last, and the number of its record there. Rows
 * keep that number, so that the answers on record of the other run are found for them.
 */
import type { RepeatedRow, Repeats } from '../model/recording.ts'
import type { Json } from '../model/row.ts'
import type { SourceNode } from '../plan/plan.ts'
import type { ResumePoint, Source, SourceRecord } from '../sdk/spec.ts'
import { takeChunk } from './chunk.ts'
import { ERASED } from './facts.ts'

export interface RepeatPosition {
  readonly row: number
  readonly index: number
}

/** @throws TypeError if it is the position of another kind of source. */
export function repeatPosition(position: Json): RepeatPosition {
  const { row, index } = (position ?? {}) as unknown as Partial<RepeatPosition>
  if (typeof row !== 'number' || typeof index !== 'number') throw new TypeError('not a position of a re-run')
  return { row, index }
}

export class RepeatSource implements Source {
  readonly #node: SourceNode
  readonly #repeats: Repeats
  /** The source that the rows came from: it reads texts again that it had rejected. */
  readonly #source: Source

  constructor(node: SourceNode, repeats: Repeats, source: Source) {
    this.#node = node
    this.#repeats = repeats
    this.#source = source
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

  async #recordOf({ row, index, line, record }: RepeatedRow): Promise<SourceRecord> {
    const position = { row, index }
    switch (record.kind) {
      case 'row':
        return { kind: 'row', line, row: record.row, position }
      case 'erased':
        return { kind: 'reject', line, raw: null, ...ERASED, position }
      case 'rejected': {
        const { raw, code, message } = record
        const again = await this.#source.reread?.(raw, code)
        if (again === undefined || again === null) return { kind: 'reject', line, raw, code, message, position }
        const [record_again] = takeChunk(this.#node, [{ ...again, line, position }])
        return record_again as SourceRecord
      }
    }
  }
}
