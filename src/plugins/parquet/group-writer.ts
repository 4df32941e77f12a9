/** Parquet files written a row group at a time: what is in memory is that group, and the file's table of contents. */
import type { CompressionCodec, SchemaElement } from 'hyparquet'
import type { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { zlib } from '../node-on-demand.ts'

export type ParquetCodec = 'none' | 'snappy' | 'zstd'

const CODECS: { readonly [codec in ParquetCodec]: CompressionCodec } = {
  none: 'UNCOMPRESSED',
  snappy: 'SNAPPY',
  zstd: 'ZSTD',
}

/** What is used of the package that writes. */
export interface Writer {
  readonly ByteWriter: typeof ByteWriter
  readonly ParquetWriter: typeof ParquetWriter
}

export async function loadWriter(): Promise<Writer> {
  return await import('hyparquet-writer')
}

export interface GroupColumn {
  readonly name: string
  readonly elements: readonly SchemaElement[]
}

export class GroupWriter {
  readonly #columns: readonly GroupColumn[]
  readonly #bytes: ByteWriter
  readonly #writer: ParquetWriter

  private constructor(columns: readonly GroupColumn[], bytes: ByteWriter, writer: ParquetWriter) {
    this.#columns = columns
    this.#bytes = bytes
    this.#writer = writer
  }

  /** @param library as `loadWriter` gives it */
  static of(library: Writer, columns: readonly GroupColumn[], codec: ParquetCodec = 'snappy'): GroupWriter {
    const bytes = new library.ByteWriter()
    const writer = new library.ParquetWriter({
      writer: bytes,
      schema: [{ name: 'root', num_children: columns.length }, ...columns.flatMap(({ elements }) => elements)],
      createdBy: 'custody',
      codec: CODECS[codec],
      compressors: { ZSTD: input => zlib().zstdCompressSync(input) },
    })
    return new GroupWriter(columns, bytes, writer)
  }

  /** @param valuesOf a column of the group, in the order of its rows. @returns bytes of the file */
  group(rows: number, valuesOf: (column: number) => unknown[]): Buffer {
    if (this.#columns.length === 0) return this.#rowsOnly(rows)
    const columnData = this.#columns.map(({ name }, i) => ({ name, data: valuesOf(i) }))
    this.#writer.write({ columnData, rowGroupSize: rows })
    return this.#taken()
  }

  /** Rows that hold nothing are rows as well; the package would take their number from a column. */
  #rowsOnly(rows: number): Buffer {
    this.#writer.num_rows += BigInt(rows)
    this.#writer.row_groups.push({ columns: [], total_byte_size: 0n, num_rows: BigInt(rows) })
    return this.#taken()
  }

  /** The file's end. */
  end(): Buffer {
    this.#writer.finish()
    return this.#taken()
  }

  #taken(): Buffer {
    const bytes = Buffer.from(this.#bytes.getBytes())
    this.#bytes.index = 0
    return bytes
  }
}
