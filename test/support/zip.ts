/** Makes ZIP archives, sound ones and others. */
import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipMember {
  readonly name: string
  readonly content: string | Uint8Array
  readonly stored?: boolean
  /** What the archive says in place of the truth. */
  readonly says?: {
    readonly crc32?: number
    readonly flags?: number
    readonly method?: number
    readonly bytes?: number
    /** Offset of its local header. */
    readonly offset?: number
  }
}

const UTF8_NAME = 0x800
const LOCAL = 0x04034b50
const CENTRAL = 0x02014b50
const END = 0x06054b50

export function zipOf(members: readonly ZipMember[]): Buffer {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const { name, content, stored = false, says = {} } of members) {
    const plain = Buffer.from(content)
    const packed = stored ? plain : deflateRawSync(plain)
    const named = Buffer.from(name)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(says.flags ?? UTF8_NAME, 2)
    common.writeUInt16LE(says.method ?? (stored ? 0 : 8), 4)
    common.writeUInt32LE(says.crc32 ?? crc32(plain), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(says.bytes ?? plain.length, 18)
    common.writeUInt16LE(named.length, 22)
    const local = Buffer.concat([u32(LOCAL), common, named, packed])
    // No comment, the first disk, no attributes.
    central.push(u32(CENTRAL), u16(20), common, Buffer.alloc(6), u32(0), u32(says.offset ?? offset), named)
    locals.push(local)
    offset += local.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.concat([
    u32(END),
    Buffer.alloc(4),
    u16(members.length),
    u16(members.length),
    u32(directory.length),
    u32(offset),
    u16(0),
  ])
  return Buffer.concat([...locals, directory, end])
}

const u16 = (value: number) => {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
