/** Options that the sinks share. */
import { z } from 'zod'
import { isByValue } from './path-template.ts'

export const pathOption = z
  .string()
  .min(1)
  .describe(
    'The file, relative to the pipeline file’s folder; `-` is standard output. Folders are made. With `{{ row.field }}` in it there is [a file for each value](pipeline-file.md#a-file-for-each-value)',
  )

export const DEFAULT_MAX_FILES = 10_000
const MOST_FILES = 100_000

export const maxFilesOption = z
  .int()
  .min(1)
  .max(MOST_FILES)
  .optional()
  .describe(
    `Where the path depends on the row: how many files the run may make; ${DEFAULT_MAX_FILES}, if absent. A row that would make one more is refused`,
  )

export const ifExistsOption = z
  .enum(['fail', 'append', 'replace', 'number'])
  .default('fail')
  .describe(
    'What to do if the file is there: stop, write behind it, replace it at the end of the run, or take `name-1`',
  )

/** How others see rows of a file before the run has ended. */
export function immediateOf({
  path,
  if_exists,
}: {
  readonly path: string
  readonly if_exists: string
}): 'append' | 'stream' | null {
  if (path === '-') return 'stream'
  // Such files come into their places at the end, those that are appended to as well.
  if (isByValue(path)) return null
  return if_exists === 'append' ? 'append' : null
}

/** None where only the run finds out which file it is. */
export function writtenBy({
  path,
  if_exists,
}: {
  readonly path: string
  readonly if_exists: string
}): readonly string[] {
  return path === '-' || if_exists === 'number' || isByValue(path) ? [] : [path]
}

export const flatErrorsOption = z
  .boolean()
  .default(false)
  .describe(
    'Of rows that met an error: `error_code`, `error_node`, `error_field` and `error_message` instead of `_error`, which is an object',
  )
