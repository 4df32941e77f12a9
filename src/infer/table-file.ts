/** Workbooks and Parquet files. Their values have types of their own: what is asked is which of the two a file is, and nothing of how it is written. */
import { ByteReader } from '../plugins/sources/byte-reader.ts'
import { isWorkbook } from '../plugins/sources/foreign-input.ts'
import type { FormatName, Known } from './format.ts'
import type { Input } from './input.ts'
import type { Options } from './reading.ts'

export type TableFormat = Extract<FormatName, 'excel' | 'parquet'>

const PARQUET = 'PAR1'
const LOOKED_AT = 512

/**
 * By its first bytes, unless somebody knows it. Null: it is no such file, or a member of an archive.
 * @throws CustodyError CUSTODY_FILE_NOT_FOUND, CUSTODY_ARGUMENT, CUSTODY_SOURCE.
 */
export async function tableFormatOf({ file, member }: Input, { format }: Known): Promise<TableFormat | null> {
  if (format !== undefined) return format === 'excel' || format === 'parquet' ? format : null
  if (member !== null) return null
  const reader = await ByteReader.open({ path: file, folder: '/' }, { hashes: false, chunk_bytes: LOOKED_AT })
  try {
    const bytes = Buffer.from((await reader.read()) ?? [])
    if (isWorkbook(bytes)) return 'excel'
    return bytes.toString('latin1', 0, PARQUET.length) === PARQUET ? 'parquet' : null
  } finally {
    await reader.close()
  }
}

/** How such a file is written: options of its source. */
export function tableOptions(format: TableFormat, { header }: Known): Options {
  return format === 'excel' && header === false ? { header: false } : {}
}
