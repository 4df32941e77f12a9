/** From options to a source: of one file, or of several. */
import { statSync } from 'node:fs'
import { absolutePlace } from '../../model/store-url.ts'
import type { PluginContext, Source } from '../../sdk/spec.ts'
import { compressionOf } from './compression.ts'
import { FilesSource } from './files-source.ts'
import type { MakeFileSource } from './one-file.ts'
import { type FileOptions, isReadable, onePath } from './options.ts'

export function openFiles(
  options: FileOptions,
  { folder, node }: Pick<PluginContext, 'folder' | 'node'>,
  make: MakeFileSource,
): Source {
  const where = { folder, node }
  const path = onePath(options)
  // Only a look says that a path without a slash behind it is a folder.
  const many = path === null || (isReadable(options) && isFolder(absolutePlace(folder, path)))
  if (many) return new FilesSource(options, where, make)
  const { compression, path_field } = options
  const packed = compression === 'zip' ? null : compressionOf(compression, path)
  const added = path_field === undefined ? null : { field: path_field, value: path }
  return make({ ...where, path, compression: packed }, { added })
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    // What is wrong with it is said when it is opened.
    return false
  }
}
