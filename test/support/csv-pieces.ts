/** For tests of CSV: records of a text in memory, whose bytes come in pieces of any size. */
import { isCustodyError } from '../../src/model/error.ts'
import type { RowSchema } from '../../src/model/schema.ts'
import { ByteReader } from '../../src/plugins/sources/byte-reader.ts'
import { CsvFormat, type CsvLayout } from '../../src/plugins/sources/csv-format.ts'
import { csvLayout, csvOptions } from '../../src/plugins/sources/csv-options.ts'
import { UTF8 } from '../../src/plugins/sources/encoding.ts'
import { TextWindow } from '../../src/plugins/sources/text-window.ts'
import type { SourceRecord } from '../../src/sdk/spec.ts'
import { brief } from './plugin-files.ts'

const PLACE = { path: 'in.csv', folder: '/', node: 'in' }

interface Reading {
  /** Bytes that come at once. */
  readonly pieces?: number
  readonly max_units?: number
  readonly options?: object
  /** What the schema declares. */
  readonly input?: RowSchema
}

/** Records of a text in memory; as the last one the code of what stopped the reading, if something did. */
export async function readCsv(
  content: string | Uint8Array,
  { pieces = 1 << 20, max_units, options = {}, input }: Reading = {},
): Promise<unknown[]> {
  const bytes = Buffer.from(content)
  let at = 0
  const next = async () => {
    at += pieces
    return at - pieces >= bytes.length ? null : bytes.subarray(at - pieces, at)
  }
  const reader = new ByteReader(PLACE, { next, close: async () => undefined }, false)
  const layout = csvLayout(csvOptions.parse({ path: 'in.csv', ...options }), input)
  const limited: CsvLayout = { ...layout, max_units: max_units ?? layout.max_units }
  const all: unknown[] = []
  const window = await TextWindow.open(reader, UTF8)
  try {
    const format = new CsvFormat(PLACE, limited)
    await format.head(window, false)
    const scanner = format.begin(window, null)
    for (;;) {
      const out: SourceRecord[] = []
      scanner.scan(window, out, 3)
      all.push(...out.map(brief))
      if (out.length === 0 && window.ended) return all
      if (out.length === 0) await window.grow()
    }
  } catch (thrown) {
    if (!isCustodyError(thrown)) throw thrown
    return [...all, thrown.code]
  }
}
