/** From options to a source: of one file, or of several. */
import type { PluginContext, Source } from '../../sdk/spec.ts'
import { compressionOf } from './compression.ts'
import { FilesSource } from './files-source.ts'
import type { MakeFileSource } from './one-file.ts'
import { type FileOptions, onePath } from './options.ts'

export function openFiles(
  options: FileOptions,
  { folder, node }: Pick<PluginContext, 'folder' | 'node'>,
  make: MakeFileSource,
): Source {
  const where = { folder, node }
  const path = onePath(options)
  if (path === null) return new FilesSource(options, where, make)
  const { compression, path_field } = options
  const packed = compression === 'zip' ? null : compressionOf(compression, path)
  const added = path_field === undefined ? null : { field: path_field, value: path }
  return make({ ...where, path, compression: packed }, { added })
}
