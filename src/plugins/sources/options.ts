/** Options that several sources have. */
import { extname } from 'node:path'
import { z } from 'zod'
import type { FieldSchema } from '../../model/schema.ts'
import { isStoreUrl } from '../../model/store-url.ts'
import { ERROR_FIELD } from '../../sdk/error-row.ts'
import type { OptionProblem, PluginContext, SecretOption } from '../../sdk/spec.ts'
import { checkStorage, storageOption } from '../stores/options.ts'
import { isArchiveName } from './archive.ts'
import type { InputPlace } from './byte-reader.ts'
import { compressionOf, type compressionOption } from './compression.ts'
import { encodingOf, nearestEncoding } from './encoding.ts'
import { isFolderPath, isPattern } from './file-pattern.ts'

const STANDARD_INPUT = '-'

export const encodingOption = z
  .string()
  .default('utf-8')
  .refine(label => encodingOf(label) !== null, {
    error: ({ input }) => {
      const nearest = typeof input === 'string' ? nearestEncoding(input) : null
      const instead = nearest === null ? 'convert the file to UTF-8' : `did you mean ${nearest}?`
      return `not an encoding that can be read; ${instead}`
    },
  })
  .describe(
    'A label of the Encoding Standard, such as utf-8, utf-16le, windows-1252 or shift_jis; a byte order mark beats it',
  )

export const excludeOption = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
  .optional()
  .describe(
    'Which of the files that patterns, folders and archives have are left out: a pattern, or a list of them. `*.tmp` is of names, wherever the files lie, `in/old/**` of paths',
  )

/** Which files a source reads, and how they are packed. */
export const fileOptions = {
  path: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .describe(
      'The file, relative to the pipeline file’s folder; `-` is standard input. A pattern such as `in/*.csv` is all files that match, a folder such as `in/` all files in it; of a list each in its turn',
    ),
  exclude: excludeOption,
  literal: z
    .boolean()
    .default(false)
    .describe('Whether `*`, `?`, `[` and `{` in `path` are parts of names instead of patterns'),
  if_missing: z
    .enum(['error', 'empty'])
    .default('error')
    .describe('What it means that a file isn’t there, or that a pattern is of none; `empty`: there is nothing to read'),
  path_field: z
    .string()
    .min(1)
    .optional()
    .describe('A field that each row gets, with the name of its file, as relative as `path`'),
  compression: z
    .enum(['auto', 'none', 'gzip', 'zstd', 'zip'])
    .default('auto')
    .describe(
      'How each file is compressed; `auto`: as its name ends, `.gz` with gzip, `.zst` with zstd, `.zip` as an archive of files, all others not. Positions, sizes and hashes on record are those of what was unpacked',
    ),
  storage: storageOption,
  members: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Which files of an archive are read: a pattern such as `*.csv` or `**/*.csv`. If absent all but hidden ones (`.DS_Store`, `__MACOSX`)',
    ),
}
const filesShape = z.strictObject(fileOptions)
export type FileOptions = z.infer<typeof filesShape>

export function placeOf(
  { path, compression }: { readonly path: string; readonly compression: z.infer<typeof compressionOption> },
  { folder, node }: Pick<PluginContext, 'folder' | 'node'>,
): InputPlace {
  return { path, folder, node, compression: compressionOf(compression, path) }
}

/** The path of the one file that is read, or of standard input; null if it may be any number of files. */
export function onePath({ path, literal, if_missing, compression, exclude }: FileOptions): string | null {
  if (typeof path !== 'string' || if_missing === 'empty' || exclude !== undefined) return null
  if ((!literal && isPattern(path)) || isFolderPath(path) || isStoreUrl(path)) return null
  return compression === 'zip' || (compression === 'auto' && isArchiveName(path)) ? null : path
}

/** Whether it reads one file, as far as its options say: a path without an ending may be a folder. */
export function isOneFile(options: FileOptions): boolean {
  const path = onePath(options)
  return path !== null && extname(path) !== ''
}

/** Whether that is compressed. */
export function isOnePacked(options: FileOptions): boolean {
  const { path, compression } = options
  const packed = compression !== 'zip' && typeof path === 'string' && compressionOf(compression, path) !== null
  return packed && isOneFile(options)
}

export function isReadable(options: FileOptions): boolean {
  return options.path !== STANDARD_INPUT
}

/** The files that options name; those of patterns and folders are known when the run begins. */
export function filesNamed({ path, literal }: FileOptions): readonly string[] {
  const paths = typeof path === 'string' ? [path] : path
  return paths.filter(each => each !== STANDARD_INPUT && !isFolderPath(each) && (literal || !isPattern(each)))
}

/** The field that holds a row's file, if one does. */
export function fieldsAdded({ path_field }: FileOptions): ReadonlyMap<string, FieldSchema> {
  return new Map(path_field === undefined ? [] : [[path_field, { schema: { type: 'string' }, optional: false }]])
}

/** What only a look at several options together can refuse. */
export function checkFileOptions(options: FileOptions, secrets: readonly SecretOption[]): readonly OptionProblem[] {
  const { path, members, compression, path_field } = options
  // A bucket as a folder has all its objects; none has its name.
  const objects = (each: string) => (isStoreUrl(each) && isFolderPath(each) ? `${each}*` : each)
  const stored = { ...options, path: typeof path === 'string' ? objects(path) : path.map(objects) }
  const problems: OptionProblem[] = [...checkStorage(stored, secrets)]
  const wrong = (at: readonly (string | number)[], message: string, hint?: string) =>
    problems.push({ path: at, message, ...(hint === undefined ? {} : { hint }) })
  if (path === STANDARD_INPUT) {
    for (const option of ['literal', 'exclude', 'if_missing', 'path_field', 'members'] as const)
      if (options[option] !== DEFAULTS[option]) wrong([option], 'standard input is no file', `Remove ${option}.`)
    if (compression === 'zip')
      wrong(['compression'], 'an archive can’t be read from standard input', 'Save it to a file first.')
    return problems
  }
  const paths = typeof path === 'string' ? [path] : path
  for (const [i, each] of paths.entries()) {
    if (each === STANDARD_INPUT) wrong(['path', i], 'standard input can’t be one of several files')
    else if (paths.indexOf(each) < i) wrong(['path', i], `${each} stands twice`, 'Remove one of them.')
  }
  if (path_field === ERROR_FIELD) wrong(['path_field'], `${ERROR_FIELD} is what rows have that met an error`)
  // Of a folder without a slash at its end nothing is known here.
  const may_be_archive = (each: string) =>
    isArchiveName(each) || isFolderPath(each) || (!options.literal && isPattern(each))
  if (members !== undefined && (compression === 'auto' ? !paths.some(may_be_archive) : compression !== 'zip'))
    wrong(['members'], 'members are those of an archive, and none is read', 'Remove it, or set compression: zip.')
  return problems
}

const DEFAULTS = filesShape.parse({ path: STANDARD_INPUT })
