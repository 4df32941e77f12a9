/**
 * A workbook made from rows that are staged as lines: the number of the sheet, a blank, and the row as XML.
 *
 * MADE-WORKBOOK-1. The same lines make the same bytes: members have one fixed time, and are packed in pieces that depend on the lines alone.
 * MADE-WORKBOOK-2. What is held in memory is a piece of a sheet at a time; with several sheets the lines are read once for each.
 */
import { Readable } from 'node:stream'
import { partsFor, SHEET_ENDS, sheetBegins, sheetPart, stylesXml } from './workbook-parts.ts'

export interface WorkbookLayout {
  readonly sheets: readonly { readonly name: string; readonly widths: readonly number[] }[]
  readonly headers: readonly string[]
  readonly freeze: boolean
  /** Digits behind the point, of the styles of decimals. */
  readonly scales: readonly number[]
}

/** Midnight by whatever clock is on the wall: an archive's times have no zone. */
const TIME = { year: 1980, month: 0, day: 1 }
const PIECE_BYTES = 256 * 1024
/** Packs nearly as small as the usual level, in half of the time. */
const LEVEL = 4
const BREAK = 0x0a
const BLANK = 0x20

export async function* madeWorkbook(
  staged: () => AsyncIterable<Buffer>,
  { sheets, headers, freeze, scales }: WorkbookLayout,
): AsyncGenerator<Buffer> {
  const { ZipFile } = await import('yazl')
  const zip = new ZipFile()
  const options = { mtime: new Date(TIME.year, TIME.month, TIME.day), forceDosTimestamp: true, compressionLevel: LEVEL }
  for (const [name, content] of partsFor(sheets.map(({ name }) => name)))
    zip.addBuffer(Buffer.from(content), name, options)
  zip.addBuffer(Buffer.from(stylesXml(scales)), 'xl/styles.xml', options)
  // cast: its stream is a readable one, and reading throws errors
  const fail = (error: unknown) => (zip.outputStream as Readable).destroy(error as Error)
  for (const [i, { widths }] of sheets.entries()) {
    const begins = sheetBegins(headers, widths, freeze)
    zip.addReadStreamLazy(sheetPart(i), options, give =>
      give(null, Readable.from(caught(inPieces(sheetText(staged(), i, begins)), fail), { objectMode: false })),
    )
  }
  zip.end()
  // cast: its stream is a readable one, and reading throws errors
  for await (const piece of zip.outputStream as AsyncIterable<Buffer>) yield piece
}

/** An error of what is read fails what is written: streams that are piped don’t tell it on. */
async function* caught(pieces: AsyncIterable<Buffer>, fail: (error: unknown) => void): AsyncGenerator<Buffer> {
  try {
    yield* pieces
  } catch (error) {
    fail(error)
  }
}

async function* sheetText(staged: AsyncIterable<Buffer>, sheet: number, begins: string): AsyncGenerator<Buffer> {
  yield Buffer.from(begins)
  const wanted = Buffer.from(`${sheet} `)
  let rest: Buffer = Buffer.alloc(0)
  for await (const piece of staged) {
    const lines: Buffer = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    let from = 0
    for (let end = lines.indexOf(BREAK, from); end >= 0; end = lines.indexOf(BREAK, from)) {
      if (lines.compare(wanted, 0, wanted.length, from, from + wanted.length) === 0)
        yield lines.subarray(lines.indexOf(BLANK, from) + 1, end)
      from = end + 1
    }
    rest = lines.subarray(from)
  }
  yield Buffer.from(SHEET_ENDS)
}

/** Pieces of one size, whatever the pieces were in which the lines came. */
async function* inPieces(texts: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
  let at = 0
  for await (const text of texts)
    for (let from = 0; from < text.length; ) {
      const count = text.copy(piece, at, from)
      from += count
      at += count
      if (at < PIECE_BYTES) continue
      yield piece
      piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
      at = 0
    }
  yield piece.subarray(0, at)
}
