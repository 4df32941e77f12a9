/** The option `path` of a source that reads files. */
import { isAbsolute, join } from 'node:path'
import { isObject, type Json } from '../../model/row.ts'

/** As the pipeline's file has it; null for standard input, and for sources that have no such option, or several paths in it. */
export function pathOption(options: Json | undefined): string | null {
  if (!isObject(options) || typeof options.path !== 'string' || options.path === '-') return null
  return options.path
}

/** Absolute, or a URL; null if that isn't known. */
export function pathIn(options: Json | undefined, folder: string | null): string | null {
  const path = pathOption(options)
  if (path === null || isAbsolute(path) || isUrl(path)) return path
  return folder === null ? null : join(folder, path)
}

export function isUrl(path: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(path) && !isAbsolute(path)
}
