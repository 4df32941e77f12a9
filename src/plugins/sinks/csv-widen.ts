/** A CSV file of this sink once more, with a header of more columns: records that have fewer cells are filled up with empty ones. */
/** Why a file must be made once more. */
export interface Widening {
  /** The header as it must be, with its line break. */
  readonly header: string
  /** How many cells each record must have. */
  readonly cells: number
  readonly delimiter: string
}

const BREAK = 0x0a
const RETURN = 0x0d
const QUOTE = 0x22

/**
 * @param pieces of the file: UTF-8, with quotes as RFC 4180 has them
 * @returns pieces of the new file, of about the same size
 */
export async function* widened(pieces: AsyncIterable<Buffer>, { header, cells, delimiter }: Widening) {
  const [mark, ...rest] = Buffer.from(delimiter)
  let quoted = false
  let in_header = true
  let count = 1
  /** How many bytes of a delimiter stand before the place at hand. */
  let matched = 0
  /** What may be a part of a line break: it stands behind what is filled up. */
  let returned = false
  for await (const piece of pieces) {
    const out: Buffer[] = []
    let from = 0
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at]
      const was_returned = returned
      returned = byte === RETURN && !quoted
      if (byte === QUOTE) quoted = !quoted
      if (quoted) continue
      matched = byte === (matched === 0 ? mark : rest[matched - 1]) ? matched + 1 : byte === mark ? 1 : 0
      if (matched === 1 + rest.length) {
        count += 1
        matched = 0
      }
      if (byte !== BREAK) continue
      const line_break = was_returned ? '\r\n' : '\n'
      // The line break stands in `piece` from here on; a CR may be in the one before.
      const end = at - (was_returned ? 1 : 0)
      if (in_header) out.push(Buffer.from(header))
      else
        out.push(piece.subarray(from, Math.max(from, end)), Buffer.from(delimiter.repeat(cells - count) + line_break))
      in_header = false
      from = at + 1
      count = 1
    }
    // A CR at the end is written with its line break.
    const left = piece.subarray(from, returned ? -1 : piece.length)
    if (!in_header) out.push(left)
    yield Buffer.concat(out)
  }
}
