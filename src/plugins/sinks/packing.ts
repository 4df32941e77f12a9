/**
 * Compressed outputs. What a flush makes durable is packed as a whole: a gzip member, or a zstd frame. So a file can be wound back to
 * any receipt, and is valid there; several of them, one behind another, are one content to whoever unpacks.
 */
import { promisify } from 'node:util'
import { z } from 'zod'
import type { OptionProblem } from '../../sdk/spec.ts'
import { zlib } from '../node-on-demand.ts'
import { type Compression, compressionOf } from '../sources/compression.ts'

export const compressionOption = z
  .enum(['auto', 'none', 'gzip', 'zstd'])
  .default('auto')
  .describe(
    'How the file is compressed; `auto`: as its name ends, `.gz` with gzip and `.zst` with zstd, all others not. Receipts and hashes are those of the compressed file',
  )

export interface PackedOptions {
  readonly path: string
  /** Absent of formats that pack what they hold by themselves. */
  readonly compression?: z.infer<typeof compressionOption>
}

export type Pack = (bytes: Buffer) => Promise<Buffer>

const PACKS: { readonly [compression in Compression]: Pack } = {
  gzip: bytes => promisify(zlib().gzip)(bytes),
  zstd: bytes => promisify(zlib().zstdCompress)(bytes),
}

/** Null where bytes are written as they are. */
export function packOf({ compression = 'none', path }: PackedOptions): Pack | null {
  const found = compressionOf(compression, path)
  return found === null ? null : PACKS[found]
}

/** Whether its last line has an end can't be seen without unpacking all of it. */
export function checkPacked(options: PackedOptions & { readonly if_exists: string }): readonly OptionProblem[] {
  if (options.if_exists !== 'append' || packOf(options) === null) return []
  const hint = 'Write a file of its own: such files can be put one behind another, and are one when they are unpacked.'
  return [{ path: ['if_exists'], message: 'nothing can be appended to a compressed file', hint }]
}
