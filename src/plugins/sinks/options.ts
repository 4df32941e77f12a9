/** Options that the file sinks share. */
import { z } from 'zod'
import type { RowError } from '../../sdk/spec.ts'

export const pathOption = z
  .string()
  .min(1)
  .describe('The file, relative to the pipeline file’s folder; `-` is standard output. Folders are made')

export const ifExistsOption = z
  .enum(['fail', 'append', 'replace', 'number'])
  .default('fail')
  .describe(
    'What to do if the file is there: stop, write behind it, replace it at the end of the run, or take `name-1`',
  )

/** A cell, a line or a column that can't be written makes an error of the row. */
export function rowError(code: string, message: string): RowError {
  return { kind: 'error', code, message, retryable: false }
}
