/** Options that several sources have. */
import { z } from 'zod'
import type { PluginContext } from '../../sdk/spec.ts'
import type { InputPlace } from './byte-reader.ts'
import { compressionOf, compressionOption } from './compression.ts'
import { encodingOf } from './encoding.ts'

export const pathOption = z
  .string()
  .min(1)
  .describe('The file, relative to the pipeline file’s folder; `-` is standard input')

export const encodingOption = z
  .string()
  .default('utf-8')
  .refine(label => encodingOf(label) !== null, {
    error: 'not an encoding that can be read; convert the file to UTF-8',
  })
  .describe(
    'A label of the Encoding Standard, such as utf-8, utf-16le, windows-1252 or shift_jis; a byte order mark beats it',
  )

/** Where a file is, and how it is packed. */
export const fileOptions = { path: pathOption, compression: compressionOption }

export function placeOf(
  { path, compression }: { readonly path: string; readonly compression: z.infer<typeof compressionOption> },
  { folder, node }: Pick<PluginContext, 'folder' | 'node'>,
): InputPlace {
  return { path, folder, node, compression: compressionOf(compression, path) }
}
