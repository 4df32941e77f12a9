/** What stands in pages before it is decoded: runs of small numbers, and differences of larger ones. Only counts are looked at. */

export interface Extent {
  readonly from: number
  readonly to: number
}

/** Padding behind the last value, in values: runs of bits have eight each, and some writers fill up larger blocks. */
const PADDING = 1024
/** A number of 64 bits in groups of seven. */
const MOST_GROUPS = 10

/** Runs have no more than `most` values. @throws Error, RangeError behind the end of the page. */
export function checkRuns(view: DataView, { from, to }: Extent, width: number, most: number): void {
  let at = from
  for (let values = 0; values < most && at < to; ) {
    const { value: header, end } = numberAt(view, at)
    const packed = header % 2 === 1
    const count = Math.floor(header / 2) * (packed ? 8 : 1)
    if (count > most - values + (packed ? PADDING : 0))
      throw new Error(`a run has ${count} values, where ${most - values} are left`)
    values += count
    at = end + (packed ? (count / 8) * width : Math.ceil(width / 8))
  }
}

/** Blocks of differences have no fewer than `count` values. @returns where they end. @throws Error, RangeError behind the end of the page. */
export function checkDeltas(view: DataView, { from, to }: Extent, most: number): number {
  const { value: block, end: after_block } = numberAt(view, from)
  const { value: parts, end: after_parts } = numberAt(view, after_block)
  const { value: count, end: after_count } = numberAt(view, after_parts)
  const each = block / parts
  if (!Number.isInteger(each) || each < 1 || each % 8 > 0 || count > most)
    throw new Error(`${count} differences in blocks of ${block} and ${parts} parts`)
  let at = numberAt(view, after_count).end
  for (let left = count - 1; left > 0; ) {
    const widths = numberAt(view, at).end
    at = widths + parts
    for (let part = 0; part < parts && left > 0; part++) {
      const bits = view.getUint8(widths + part)
      if (bits > 64) throw new Error(`differences have ${bits} bits`)
      at += (each * bits) / 8
      left -= each
    }
    if (at > to) throw new Error('differences end too early')
  }
  return at
}

/** In groups of seven bits, the lowest first. */
function numberAt(view: DataView, from: number): { readonly value: number; readonly end: number } {
  let value = 0
  for (let group = 0; group < MOST_GROUPS; group++) {
    const byte = view.getUint8(from + group)
    value += (byte & 0x7f) * 2 ** (7 * group)
    if (byte < 0x80) return { value, end: from + group + 1 }
  }
  throw new Error('a number has no end')
}
