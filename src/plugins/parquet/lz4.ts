/** Unpacks LZ4 as Parquet has it: blocks alone (`LZ4_RAW`), or as Hadoop wraps them (`LZ4`). */

/** A block. @throws RangeError if it isn't one, or gives other than `length` bytes. */
export function unpackLz4Block(packed: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length)
  let at = 0
  let to = 0
  const byte = () => {
    const value = packed[at++]
    if (value === undefined) throw new RangeError('an LZ4 block ends too early')
    return value
  }
  const longer = (nibble: number) => {
    let count = nibble
    if (nibble === 15) for (let more = 255; more === 255; count += more) more = byte()
    return count
  }
  while (at < packed.length) {
    const token = byte()
    const literals = longer(token >> 4)
    if (at + literals > packed.length || to + literals > length)
      throw new RangeError('an LZ4 block is longer than it says')
    out.set(packed.subarray(at, at + literals), to)
    at += literals
    to += literals
    // The last sequence has literals only.
    if (at >= packed.length) break
    const back = byte() | (byte() << 8)
    const count = longer(token & 15) + 4
    if (back === 0 || back > to || to + count > length) throw new RangeError('an LZ4 block refers to what isn’t there')
    // May overlap: what is copied is copied again.
    for (let i = 0; i < count; i++, to++) out[to] = out[to - back] ?? 0
  }
  if (to !== length) throw new RangeError('an LZ4 block is shorter than it says')
  return out
}

/** Blocks, each behind its unpacked and its packed length; files of some writers have one without either. @throws RangeError. */
export function unpackHadoopLz4(packed: Uint8Array, length: number): Uint8Array {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  const out = new Uint8Array(length)
  let to = 0
  for (let at = 0; at + 8 <= packed.length && to < length; ) {
    const [unpacked, bytes] = [view.getUint32(at), view.getUint32(at + 4)]
    if (unpacked > length - to || bytes > packed.length - at - 8) return unpackLz4Block(packed, length)
    out.set(unpackLz4Block(packed.subarray(at + 8, at + 8 + bytes), unpacked), to)
    at += 8 + bytes
    to += unpacked
  }
  return to === length ? out : unpackLz4Block(packed, length)
}
